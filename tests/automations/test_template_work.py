"""A rendering is bounded: what is too much work fails with its reason, whatever a template is made of."""

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automations.templates.rendering import (
    TemplateFailed,
    check_template,
    fields_in_template,
    one_budget,
    render,
    render_tree,
)
from automations.templates.work import MOST_WORK

#: Seconds of computing, far above the 0.06 that the slowest rendering took.
MUCH_TIME = 5
CONTEXT: dict[str, Any] = {
    "contact": {
        "name": "Ada",
        "note": "anbn " * 13_000,
        "tags": [f"tag {number}" for number in range(200)],
        "long": ["x" * 300] * 200,
    },
    "event": {"type": "x", "items": [{"a": number, "b": ["y" * 50] * 20} for number in range(200)]},
    "score": {"now": 5},
}
EXPRESSIONS = [
    "contact.note.split('n') | sort | join('x') | length",
    "contact.note.splitlines() | first",
    "contact.note.split() | last",
    "contact.note | replace('a', 'bc') | length",
    "contact.note.upper().lower().title() | length",
    "contact.note[1:] == contact.note[:-1]",
    "'zzz' in contact.note",
    "contact.note ~ contact.name",
    "contact.note | urlencode | length",
    "contact.note is eq contact.note",
    "contact.note.startswith(contact.note)",
    "contact.note | truncate(60000)",
    "event | tojson | length",
    "event.items | tojson",
    "event.items == event.items",
    "(contact.tags + contact.tags) | length",
    "contact.tags | sort | join(',')",
    "contact.long in [contact.long]",
    "{'a': contact.note} | tojson | length",
    "[contact.note, contact.note] | join | length",
    "1 + 2 * 3 % 4",
]


def loops(body: str) -> str:
    return "{% for a in contact.tags %}{% for b in event.items %}" + body + "{% endfor %}{% endfor %}"


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_forty_thousand_times_anything_is_too_much(expression: str) -> None:
    template = loops(f"{{% if {expression} %}}{{% endif %}}")
    assert check_template(template) == []
    began = time.thread_time()
    with pytest.raises(TemplateFailed, match="more work than a template may be|64 KiB"):
        render(template, CONTEXT)
    assert time.thread_time() - began < MUCH_TIME


@given(
    body=st.lists(st.sampled_from(EXPRESSIONS), min_size=1, max_size=12),
    looped=st.integers(min_value=0, max_value=2),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_put_together_ends_soon(body: list[str], looped: int) -> None:
    template = "".join(f"{{% if {expression} %}}{{% endif %}}" for expression in body)
    for name in ("contact.tags", "event.items")[:looped]:
        template = f"{{% for x in {name} %}}{template}{{% endfor %}}"
    assert check_template(template) == []
    began = time.thread_time()
    with suppress(TemplateFailed):
        render(template, CONTEXT)
    assert time.thread_time() - began < MUCH_TIME


def listed(what: str, count: int) -> str:
    return "[" + ",".join([what] * count) + "]"


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(
            f"{{% for x in {listed('contact.tags', 190)} %}}{{% for y in {listed('x', 190)} %}}"
            f"{{{{ {listed('y', 500)} | length }}}}{{% endfor %}}{{% endfor %}}",
            id="shared lists",
        ),
        pytest.param(
            f"{{% for x in contact.tags %}}{{% for y in contact.tags if {listed('y.a', 900)} and false %}}"
            "{% endfor %}{% endfor %}",
            id="the condition of a loop",
        ),
        pytest.param("{{ contact.chinese.strip(contact.others) | length }}", id="many characters stripped"),
        pytest.param(
            "".join("{% if contact.chinese | sort %}{% endif %}" for _ in range(5)), id="a text sorted"
        ),
        pytest.param(
            "".join("{% if contact.chinese | urlencode %}{% endif %}" for _ in range(9)), id="a text encoded"
        ),
        pytest.param(
            "".join("{% if 'aaaaaaaab' in contact.chinese %}{% endif %}" for _ in range(9)),
            id="a text searched",
        ),
        pytest.param("{{ contact.huge // contact.large }}", id="large numbers divided"),
        pytest.param("{{ contact.huge - 1 }}", id="large numbers subtracted"),
    ],
)
def test_what_is_cheap_to_write_and_dear_to_do_is_too_much_at_once(template: str) -> None:
    chinese, others = "\u4e01" * 32_000, "".join(map(chr, range(0x4E02, 0x4E02 + 20_000))) + "\u4e01"
    contact = {**CONTEXT["contact"], "chinese": chinese, "others": others, "huge": 9**4000, "large": 7**2000}
    assert check_template(template) == []
    began = time.thread_time()
    with pytest.raises(TemplateFailed, match="more work|moderate size"):
        render(template, {**CONTEXT, "contact": contact})
    assert time.thread_time() - began < 1


def tuple_of(entry: str, count: int = 640) -> str:
    return f"({','.join([entry] * count)},)"


@pytest.mark.parametrize(
    "within",
    [
        "{% if contact[KEY] %}{% endif %}",
        "{{ {KEY: 1} | length }}",
        "{{ {1: 2}[KEY] }}",
        "{{ contact.tags[KEY] }}",
    ],
)
def test_lists_in_lists_are_no_keys(within: str) -> None:
    """Hashing one touches all that is in it, in one piece that nothing interrupts."""
    template = (
        f"{{% for x in [{tuple_of('1')}] %}}{{% for y in [{tuple_of('x')}] %}}"
        f"{within.replace('KEY', tuple_of('y'))}{{% endfor %}}{{% endfor %}}"
    )
    assert check_template(template) == []
    began = time.thread_time()
    with pytest.raises(TemplateFailed, match="found by a text or a number"):
        render(template, CONTEXT)
    assert time.thread_time() - began < MUCH_TIME / 10


def test_an_if_without_else_is_null_in_a_body_as_it_is_nothing_elsewhere() -> None:
    assert render_tree({"a": "{{ contact.name if false }}"}, CONTEXT) == {"a": None}
    assert render("<{{ contact.name if false }}>", CONTEXT) == "<>"


def test_of_what_is_wrong_many_times_the_first_is_said() -> None:
    """Looking for what was meant takes a while for each."""
    assert len(check_template("".join(f"{{{{ 1 | nothing{number} }}}}" for number in range(450)))) == 20
    assert len(check_template("".join(f"{{{{ nobody{number} }}}}" for number in range(600)))) == 20


def test_a_large_event_is_made_ready_once_for_all_texts_of_a_body() -> None:
    event = {"type": "x", "items": [{"a": "y" * 20} for _ in range(6_000)]}
    began = time.thread_time()
    assert render_tree(["{{1}}"] * 300, {**CONTEXT, "event": event}) == [1] * 300
    assert time.thread_time() - began < MUCH_TIME / 5


def test_very_many_texts_of_a_body_are_too_much() -> None:
    with pytest.raises(TemplateFailed, match="more work"):
        render_tree(["{{1}}"] * 20_000, CONTEXT)


def test_ordinary_messages_are_far_below() -> None:
    listed = (
        "{% for tag in contact.tags %}- {{ loop.index }}: {{ tag | upper | replace('G', 'g') }}\n{% endfor %}"
    )
    assert render(listed, CONTEXT).count("\n") == 200
    with one_budget():
        for _ in range(2):
            render(listed, CONTEXT)


def test_all_texts_of_a_body_share_one_budget() -> None:
    text = "{% for tag in contact.tags %}{% if tag | upper == 'X' %}{% endif %}{% endfor %}"
    assert render_tree([text] * 3, CONTEXT) == [""] * 3
    with pytest.raises(TemplateFailed, match=f"{MOST_WORK:,} operations"):
        render_tree([text] * 200, CONTEXT)


@pytest.mark.parametrize(
    ("template", "mistake"),
    [
        ("{% if 1 %}" * 300 + "{% endif %}" * 300, "nested too deep"),
        ("{% if 1 %}" * 21 + "{% endif %}" * 21, "if and for nest at most 20 deep"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "nested too deep"),
        ("{{ 1" + " + 1" * 1000 + " }}", "nest at most 100 deep"),
        ("{{ " + "9" * 5000 + " }}", "a number of too many digits"),
        ("{{ contact.name }}" + "x" * 20_000, "a template has at most 16,384"),
        ("{{ 1 }}" * 2_000, "a template has at most 2,000"),
        ("{{ 1" + " | text" * 2_000 + " }}", "nest at most 100 deep"),
        ("{{ 1" + " and 1" * 1_500 + " }}", "nest"),
        ("{{ contact" + ".a" * 2_000 + " }}", "nest"),
        ("{{ contact.name.strip(a=1, a=2) }}", "keyword argument repeated"),
        ("{{ contact.name | default(other=1, other=2) }}", "keyword argument repeated"),
        ("{{ 1000000000000000 }}", "numbers are smaller than"),
        ("{{ 1.5e400 }}", "numbers are smaller than"),
        ("{% for x in contact.tags %}{{ loop }}{% endfor %}", "loop is no value"),
        ("{{ contact.note.strip }}", ".strip is a method of texts; call it: .strip()"),
        ("{{ contact.name.strip }}", ".strip is a method of texts; call it: .strip()"),
        ("{{ 'a'.upper }}", "call it: .upper()"),
        ("{{ contact.name.strip().upper }}", "call it: .upper()"),
    ],
)
def test_what_cannot_be_compiled_or_was_not_meant_is_refused_at_once(template: str, mistake: str) -> None:
    problems = check_template(template)
    assert fields_in_template(template) in ((), ("contact.name",), ("contact.tags",))
    assert len(problems) == 1
    assert mistake in problems[0]
    with pytest.raises(TemplateFailed):
        render(template, {"contact": {"name": "x"}})


def test_a_custom_field_may_have_the_name_of_a_method() -> None:
    assert check_template("{{ contact.title }} {{ event.order.title }}") == []
    assert render("{{ contact.title }}", {"contact": {"title": "Dr."}}) == "Dr."


@pytest.mark.parametrize(
    "template",
    [
        "{{ contact.note.strip }}",
        "{{ contact.note.strip ~ 'x' }}",
        "{% if contact.note.strip == 'x' %}{% endif %}",
        "{{ contact.note.strip | upper }}",
        "{{ [contact.note.strip] }}",
        "{{ (contact.note.strip,) | join }}",
        "{{ 'y' if contact.note.strip }}",
        "{{ 'inf' | float }}",
        "{{ 'y' if contact.note.strip and 1 }}",
        "{{ 'inf' | float | int }}",
        "{{ 'inf' | float | round }}",
        "{{ 1 | first }}",
        "{{ contact.note | sort | sort | abs }}",
        "{{ -contact.note }}",
        "{{ 10.0 ** 2 }}",
    ],
)
def test_every_error_of_a_template_is_a_failed_one_that_quotes_nobody(template: str) -> None:
    with pytest.raises(TemplateFailed) as failed:
        render(template, {"contact": {"note": "private"}})
    assert "private" not in str(failed.value)
