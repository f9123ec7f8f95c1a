"""Templates: what they print, what they refuse, and that data is never read as a template."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.templates.rendering import TemplateFailed, check_template, render, render_tree

CONTEXT: dict[str, Any] = {
    "contact": {
        "label": "Ada",
        "name": None,
        "tags": ["vip", "hot"],
        "items": "a field",
        "address": {"city": "{{ 7 * 7 }}"},
        "note": "{% for x in contact.tags %}",
    },
    "score": {"previous": None, "current": 60, "now": 61, "change": 60},
    "event": {"type": "form.submitted", "amount": 10},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain { text } 100 %", "plain { text } 100 %"),
        ("{{ contact.label }}: {{ score.previous }} to {{ score.current }}", "Ada:  to 60"),
        ("[{{ contact.name }}][{{ contact.unknown }}][{{ contact.unknown.deeper }}]", "[][][]"),
        ("[{{ deal.name }}]{{ event.amount }}", "[]10"),
        ("{{ contact.items }}", "a field"),
        ("{{ contact.address.city }} {{ contact.note }}", "{{ 7 * 7 }} {% for x in contact.tags %}"),
        ("{{ contact.name | default('there') }} {{ contact.name | upper }}", "there "),
        ("{{ 'a' ~ contact.name ~ 'b' }}", "ab"),
        ("{{ contact.tags | join(', ') }} {{ contact.tags[0] }} {{ contact.tags[9] }}", "vip, hot vip "),
        ("{% for tag in contact.tags %}{{ loop.index }}{{ tag }} {% endfor %}", "1vip 2hot "),
        ("{% for tag in contact.unknown %}x{% endfor %}", ""),
        ("{% if score.now >= 50 %}hot{% else %}cold{% endif %}", "hot"),
        ("{{ score.current * 2 }} {{ (score.current / 7) | round(2) }}", "120 8.57"),
        ("{{ contact.label.upper().strip() }}", "ADA"),
        ("{{ 'ö&<' | urlencode }} <{{ contact.label }}>", "%C3%B6%26%3C <Ada>"),
        ("{{ contact.__class__ }}{{ ''.__class__ }}{{ contact.keys }}", ""),
        ("{# a comment #}{% raw %}{{ x }}{% endraw %}\n", "{{ x }}\n"),
    ],
)
def test_a_good_template_prints(template: str, text: str) -> None:
    assert check_template(template) == []
    assert render(template, CONTEXT) == text


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("a\n{{ contact.label", "line 2: unexpected end"),
        ("{% if %}x{% endif %}", "line 1: Expected an expression"),
        ("{{ contcat.label }}", 'line 1: unknown name "contcat"; did you mean "contact"?'),
        ("\n\n{{ email }}", 'line 3: unknown name "email"; did you mean "contact.email"?'),
        ("{{ score.nwo }}", 'score has no "nwo"; did you mean "now"?'),
        ("{{ score['nwo'] }}", 'score has no "nwo"'),
        ("{{ automation.steps }}", 'automation has no "steps"; known: key, name, version'),
        ("{{ contact.label | uper }}", 'unknown filter "uper"; did you mean "upper"?'),
        ("{{ 1 is nice }}", "No test named"),
        ("{% set a = 1 %}", "set is not available"),
        ("{% macro a() %}{% endmacro %}", "macro is not available"),
        ("{% include 'x' %}", "include is not available"),
        ("{% import 'x' as y %}", "import is not available"),
        ("{{ 9 ** 9 }}", "** is not available"),
        ("{% for i in range(9) %}{% endfor %}", "only text methods"),
        ("{{ contact.tags.append(1) }}", "only text methods"),
        ("{{ 'x'.format(1) }}", "only text methods"),
        ("{{ 'x'.ljust(99) }}", "only text methods"),
        ("{{ '%9d' | format(1) }}", 'unknown filter "format"'),
        ("{% for a in contact.tags %}" * 3 + "{% endfor %}" * 3, "loops nest at most 2 deep"),
    ],
)
def test_a_wrong_template_is_explained_before_it_runs(template: str, words: str) -> None:
    problems = check_template(template)
    assert any(words in problem for problem in problems), problems


BOMBS = [
    "{{ 'a' * 999999999 }}",
    "{{ contact.tags * 999999999 }}",
    "{{ 9 ** 9 ** 9 ** 9 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ 'a'.zfill(999999999) }}",
    "{{ contact.big | replace('a', contact.big) }}",
    "{{ contact.list | join(contact.big) }}",
    "{{ contact.big }}{{ contact.big }}",
    "{% for a in contact.big %}{% endfor %}",
    "{% for a in contact.list %}{% endfor %}",
    "{% for i in range(99999999) %}{% endfor %}",
    "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_fails_at_once(bomb: str) -> None:
    started = time.monotonic()
    with pytest.raises(TemplateFailed):
        render(bomb, {"contact": {"big": "a" * 60_000, "list": ["a"] * 5_000, "tags": ["x"]}})
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "escape",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ contact.__init__.__globals__ }}",
        "{{ score.__class__.__base__ }}",
        "{{ contact | attr('__class__') }}",
        "{{ self }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{% for a in contact.tags %}{{ loop.__class__ }}{{ loop._iterator }}{% endfor %}",
    ],
)
def test_nothing_behind_the_values_can_be_reached(escape: str) -> None:
    try:
        text = render(escape, CONTEXT)
    except TemplateFailed:
        return
    assert "class" not in text
    assert "object" not in text


def test_errors_do_not_quote_the_record() -> None:
    with pytest.raises(TemplateFailed) as caught:
        render("{{ contact.label + 1 }}{{ contact.label | int }}", CONTEXT)
    assert "Ada" not in str(caught.value)


def test_a_body_is_rendered_text_by_text() -> None:
    body = {"{{ x }}": "{{ contact.label }}", "n": 1, "list": [None, True, "{{ score.now }}"]}
    assert render_tree(body, CONTEXT) == {"{{ x }}": "Ada", "n": 1, "list": [None, True, 61]}


@given(st.text())
def test_whatever_a_field_holds_is_printed_as_it_is(held: str) -> None:
    assert render("{{ contact.x }}", {"contact": {"x": held}}) == held


@given(st.text(alphabet="{}%#| abc.()'\n") | st.text())
def test_checking_never_crashes(template: str) -> None:
    assert isinstance(check_template(template), list)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ score.now }}", 61),
        ("  {{ score.now }}\n", 61),
        ("{{ score.previous }}", None),
        ("{{ contact.tags }}", ["vip", "hot"]),
        ("{{ score.now > 60 }}", True),
        ("{{ score.now }} points", "61 points"),
        ("{{ score.now }}{{ score.now }}", "6161"),
        ("{{ score.previous ~ 'x' }}", "x"),
        ("{% if score.now %}yes{% endif %}", "yes"),
        ("{{ contact.missing }}", None),
        ("{{ contact.address }}", {"city": "{{ 7 * 7 }}"}),
        ("plain", "plain"),
        (3, 3),
    ],
)
def test_in_a_body_one_expression_is_its_value(template: Any, value: Any) -> None:
    assert render_tree({"a": [template]}, CONTEXT) == {"a": [value]}


def test_in_a_body_an_unknown_name_is_an_error_too() -> None:
    with pytest.raises(TemplateFailed):
        render_tree({"a": "{{ score.later }}"}, CONTEXT)


@pytest.mark.parametrize(
    ("template", "mistake"),
    [
        ("{{ secret.crm }}", "secrets can be used in webhooks only"),
        ("{{ steps.crm.status }}", "it holds what webhooks before this step answered"),
    ],
)
def test_names_that_need_a_webhook_say_so(template: str, mistake: str) -> None:
    [problem] = check_template(template)
    assert mistake in problem
    assert check_template(template, {"secret": None, "steps": ["crm"]}) == []
    assert len(check_template("{{ steps.other.status }}", {"steps": ["crm"]})) == 1


@pytest.mark.parametrize(
    ("template", "mistake"),
    [
        ("{{ contact.name | truncate(1, 2, 3) }}", "the filter truncate: too many positional arguments"),
        ("{{ contact.name | replace('a') }}", "the filter replace: missing a required argument: 'new'"),
        ("{{ contact.name | upper(1) }}", "the filter upper: too many positional arguments"),
        (
            "{{ contact.name | truncate(size=3) }}",
            "the filter truncate: got an unexpected keyword argument 'size'",
        ),
        ("{{ contact.name | truncate(length=3) }}", None),
        ("{{ contact.tags | join(', ') | default('nothing', true) }}", None),
        ("{{ contact.tags | length }} {{ score.now | abs | int | float | tojson }}", None),
    ],
)
def test_arguments_of_filters_are_checked_when_they_are_saved(template: str, mistake: str | None) -> None:
    mistakes = check_template(template)
    assert mistakes == ([f"line 1: {mistake}"] if mistake else [])


def test_default_is_used_as_in_jinja() -> None:
    assert render("{{ contact.name | default('nobody', true) }}", CONTEXT) == "nobody"


@pytest.mark.parametrize(
    ("template", "sound"),
    [
        ("{{ secret.crm }}", True),
        ("Bearer {{ secret.crm }}, {{ secret.other | urlencode }}", True),
        ("{{ secret.crm | upper }}", False),
        ("{{ secret.crm | urlencode | lower }}", False),
        ("{{ secret.crm[:4] }}", False),
        ("{{ secret.crm ~ 'x' }}", False),
        ("{% if secret.crm == 'x' %}y{% endif %}", False),
        ("{{ secret['crm'] }}", True),
    ],
)
def test_a_secret_stands_for_itself_only(template: str, sound: bool) -> None:
    mistakes = check_template(template, {"secret": None})
    assert mistakes == [] if sound else "a secret stands for itself" in mistakes[0]
