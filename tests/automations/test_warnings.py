"""What is hardly meant is said, with its place and a remedy."""

from typing import Any

import pytest

from automations.checks import check_automation
from automations.known import Known
from automations.model import Automation
from conditions.tree import fields_read
from scoring.profile import ScoreProfile

ENGAGEMENT = ScoreProfile.model_validate(
    {
        "key": "engagement",
        "min": 0,
        "max": 200,
        "bands": {"cold": None, "warm": 20, "hot": 50},
        "rules": [{"key": "r", "on": "payment.failed", "points": -3}],
    }
)
DEALS = ScoreProfile.model_validate({"key": "deals", "applies_to": "deal", "max": 10})
KNOWN = Known(
    profiles={"engagement": ENGAGEMENT, "deals": DEALS},
    automations=["a"],
    recipients=["sales"],
    event_types=["form.submitted"],
    named_events=frozenset({"payment.failed"}),
    added_tags=frozenset({"partner"}),
    tags=lambda: ["vip"],
)
STOP = [{"stop": "x"}]


def warned(known: Known = KNOWN, **parts: Any) -> dict[str, str]:
    """Warnings by pointer, of an automation that has no errors."""
    raw = {
        "key": "a",
        "trigger": {"profile": "engagement", "filters": {"score": {"greater": 5}}},
        "steps": STOP,
    }
    errors, warnings = check_automation(Automation.model_validate(raw | parts), known)
    assert errors == []
    return {warning.pointer: warning.message for warning in warnings}


def trigger(filters: dict[str, Any], **more: Any) -> dict[str, Any]:
    reads = {field.partition(".")[0] for field in fields_read(filters)}
    fires = "on_entry" if {"score", "band"} & reads else "every_change"
    return {"profile": "engagement", "filters": filters, "fires": fires, **more}


@pytest.mark.parametrize(
    ("filters", "pointer", "words"),
    [
        ({"score": {"greater": 200}}, "score", "is at most 200 (the max of profile engagement)"),
        ({"score": {"greater_or_equal": 201}}, "score", "is at most 200"),
        ({"score": {"equal": 250}}, "score", "is at most 200"),
        ({"previous_score": {"less": 0}}, "previous_score", "is at least 0 (the min of profile engagement)"),
        ({"score": {"greater": 50, "less": 51}}, "score", "cannot pass all these tests at once"),
        ({"score": {"greater": 50}, "all": [{"score": {"less": 20}}]}, "all/0/score", "at once"),
        ({"score": {"one_of": [1, 2], "greater": 5}}, "score", "at once"),
        ({"score": {"empty": True, "greater": 5}}, "score", "cannot be empty and pass another test"),
        ({"score": {"greater": 10}, "not": {"score": {"greater": 5}}}, "not/score", "at once"),
        (
            {"score": {"greater": 10}, "any": [{"score": {"less": 5}}, {"score": {"less": 3}}]},
            "any/0/score",
            "at once",
        ),
        ({"contact.stage": {"equal": "a", "not_equal": "a"}}, "contact.stage", "two values"),
        ({"event.amount": {"greater": 50, "less": 50}}, "event.amount", "at once"),
        ({"event.amount": {"greater_or_equal": 50, "less": 50}}, "event.amount", "at once"),
        ({"band": {"equal": "tepid"}}, "band", "is one of cold, warm, hot"),
        ({"bands.engagement": {"one_of": ["tepid"]}}, "bands.engagement", "is one of cold, warm, hot"),
        ({"bands.deals": {"equal": "hot"}}, "bands.deals", "has no bands"),
        ({"scores.deals": {"greater": 10}}, "scores.deals", "is at most 10 (the max of profile deals)"),
        (
            {"contact.stage": {"equal": "a"}, "all": [{"contact.stage": {"one_of": ["b", "c"]}}]},
            "all/0/contact.stage",
            "cannot be two values at once",
        ),
        (
            {"any": [{"score": {"greater": 200}}, {"score": {"less": 0}}]},
            "any/0/score",
            "is at most 200",
        ),
    ],
)
def test_filters_that_never_hold(filters: dict[str, Any], pointer: str, words: str) -> None:
    warnings = warned(trigger=trigger(filters))
    assert words in warnings[f"/trigger/filters/{pointer}"]
    assert warnings[f"/trigger/filters/{pointer}"].endswith("so this never holds")


@pytest.mark.parametrize(
    "filters",
    [
        {"score": {"greater_or_equal": 200}},
        {"score": {"greater": 49, "less": 51}},
        {"score": {"one_of": [1, 60], "greater": 5}},
        {"score": {"greater": 5}, "not": {"score": {"greater": 500}}},
        {"any": [{"score": {"greater": 200}}, {"score": {"greater": 5}}]},
        {"score": {"not_equal": 5, "empty": True}},
        {"band": {"not_equal": "tepid"}, "score": {"greater": 1}},
        {"contact.stage": {"equal": "a", "not_equal": "b"}},
        {"change": {"greater": 500}},
        {"contact.city": {"one_of": ["a", 1], "not_empty": True}},
        {"contact.vip": {"equal": True}},
        {"event.amount": {"greater": 50, "less": 51}},
        {"score": {"greater": 49.5, "less": 50.5}},
        {"change": {"greater": 0.5, "less": 1.5}},
        {"score": {"greater_or_equal": 0, "less": 0.5}},
        {"deal.value": {"greater": 0, "less": 1}},
        {"event.amount": {"greater_or_equal": 50, "less_or_equal": 50}},
        {"not": {"score": {"greater": 5}}, "scores.deals": {"less": 3}},
        {"not": {"contact.stage": {"equal": "a"}}, "contact.stage": {"equal": "a"}},
        {"score": {"greater": 10}, "any": [{"score": {"less": 5}}, {"score": {"less": 30}}]},
    ],
)
def test_filters_that_may_hold(filters: dict[str, Any]) -> None:
    assert warned(trigger=trigger(filters)) == {}


def test_entering_needs_filters_on_the_score_or_the_band() -> None:
    for filters in ({"contact.stage": {"equal": "x"}}, {"change": {"greater": 5}}):
        warnings = warned(trigger={"profile": "engagement", "filters": filters, "fires": "on_entry"})
        assert "the filters read neither" in warnings["/trigger/fires"]


def test_without_a_database_a_tag_that_looks_misspelled_is_named() -> None:
    offline = Known(profiles={"engagement": None}, added_tags=frozenset({"partner"}))
    asked = {"profile": "engagement", "filters": {"contact.tags": {"has": "partnr"}}}
    assert 'did you mean "partner"' in warned(offline, trigger=asked)["/trigger/filters/contact.tags/has"]
    other = {"profile": "engagement", "filters": {"contact.tags": {"has": "vip"}}}
    assert warned(offline, trigger=other) == {}


def test_a_new_tag_or_event_is_not_taken_for_another_one() -> None:
    asked = {"contact.tags": {"has": "trip"}, "event.type": {"equal": "form.started"}}
    warnings = warned(trigger=trigger({**asked, "score": {"greater": 5}}))
    assert warnings["/trigger/filters/contact.tags/has"].endswith("and no automation adds it")
    assert warnings["/trigger/filters/event.type/equal"].endswith("has been seen so far")


def test_conditions_of_steps_and_ends_are_looked_at_too() -> None:
    never = {"score": {"greater": 200}}
    warnings = warned(
        trigger=trigger({"score": {"greater": 5}}),
        steps=[{"if": never, "then": STOP}, {"wait_for": {"filters": never, "timeout": "1d"}}],
        exit_when=never,
    )
    assert set(warnings) == {"/steps/0/if/score", "/steps/1/wait_for/filters/score", "/exit_when/score"}
    rearm = warned(trigger=trigger({"score": {"greater": 5}}, rearm={"less": 0}))
    assert set(rearm) == {"/trigger/rearm/score"}


@pytest.mark.parametrize(
    ("filters", "fires", "warns"),
    [
        ({"score": {"less": 20}}, "on_entry", True),
        ({"score": {"less_or_equal": 20}}, "every_change", True),
        ({"score": {"less": 20}, "previous_score": {"greater_or_equal": 20}}, "every_change", False),
        ({"score": {"less": 20}, "change": {"less": 0}}, "every_change", False),
        ({"score": {"less": 20, "greater": 3}}, "every_change", False),
        ({"score": {"less": 20, "greater_or_equal": 0}}, "every_change", True),
        ({"scores.engagement": {"less": 20}}, "every_change", True),
        ({"score": {"less_or_equal": 0}}, "every_change", False),
        ({"score": {"less": 20}, "contact.stage": {"equal": "x"}}, "every_change", False),
        ({"score": {"less": 20}, "cause": {"equal": "inactivity"}}, "every_change", False),
        ({"any": [{"score": {"less": 20}}, {"contact.stage": {"equal": "x"}}]}, "every_change", False),
    ],
)
def test_only_upper_bounds_fire_at_everybodys_first_point(
    filters: dict[str, Any], fires: str, warns: bool
) -> None:
    warnings = warned(trigger={"profile": "engagement", "filters": filters, "fires": fires})
    said = warnings.get("/trigger/filters/score", warnings.get("/trigger/filters/scores.engagement", ""))
    assert ("first point" in said) is warns


def test_every_change_with_waits_should_say_what_runs_meanwhile() -> None:
    always: dict[str, Any] = {"profile": "engagement", "filters": {"score": {"greater": 5}}}
    waits = [{"if": {}, "then": [{"wait": "1d"}]}]
    assert "while_running: start, skip or replace" in warned(trigger=always, steps=waits)["/trigger"]
    assert "/trigger" in warned(trigger=always | {"reentry": {"after": "1m"}}, steps=waits)
    quiet = {"reentry": {"after": "1d"}}
    for more in ({"while_running": "start"}, {"fires": "on_entry"}, {"reentry": "once"}, quiet):
        assert warned(trigger=always | more, steps=waits) == {}
    assert warned(trigger=always) == {}


@pytest.mark.parametrize(
    ("steps", "pointers"),
    [
        ([*STOP, {"add_tag": "x"}, {"add_tag": "y"}], {"/steps/1"}),
        ([{"if": {"score": {"greater": 9}}, "then": STOP, "else": STOP}, {"add_tag": "x"}], {"/steps/1"}),
        ([{"if": {"score": {"greater": 9}}, "then": STOP}, {"add_tag": "x"}], set()),
        ([{"split": [{"percent": 100, "steps": STOP}]}, {"add_tag": "x"}], {"/steps/1"}),
        ([{"split": [{"percent": 99, "steps": STOP}]}, {"add_tag": "x"}], set()),
        ([{"split": [{"percent": 0, "steps": [{"add_tag": "x"}]}]}], {"/steps/0/split/0"}),
        ([{"if": {}, "then": [*STOP, {"add_tag": "x"}]}], {"/steps/0/then/1"}),
        (
            [{"if": {}, "then": STOP, "elif": [{"if": {"score": {"less": 3}}, "then": []}], "else": STOP}],
            {"/steps/0/elif/0", "/steps/0/else"},
        ),
        (
            [
                {
                    "if": {"score": {"less": 3}},
                    "then": [],
                    "elif": [{"if": {"score": {"less": 3}}, "then": []}],
                }
            ],
            {"/steps/0/elif/0"},
        ),
        (
            [
                {
                    "wait_for": {
                        "event": "form.submitted",
                        "timeout": "1d",
                        "on_timeout": [*STOP, {"add_tag": "x"}],
                    }
                }
            ],
            {"/steps/0/wait_for/on_timeout/1"},
        ),
    ],
)
def test_steps_that_no_way_leads_to(steps: list[Any], pointers: set[str]) -> None:
    warnings = warned(trigger=trigger({"score": {"greater": 5}}), steps=steps)
    assert set(warnings) == pointers
    assert all("never reached" in message for message in warnings.values())


def test_unknown_events_are_named_wherever_they_stand() -> None:
    warnings = warned(
        trigger={"event": "payment.failled", "filters": {"event.type": {"equal": "form.submited"}}},
        steps=[{"wait_for": {"event": "form.submittd"}}],
        exit_when={"event": "deal.wn"},
    )
    assert warnings == {
        "/trigger/event": 'no event "payment.failled" has been seen so far; did you mean "payment.failed"?',
        "/trigger/filters/event.type/equal": 'no event "form.submited" has been seen so far; did you mean '
        '"form.submitted"?',
        "/steps/0/wait_for/event": 'no event "form.submittd" has been seen so far; did you mean "form.submitted"?',
        "/exit_when/event": 'no event "deal.wn" has been seen so far; did you mean "deal.won"?',
    }
    assert warned(trigger={"event": "deal.won"}) == {}
    assert warned(trigger={"event": "payment.failed"}) == {}


def test_without_a_database_only_what_looks_misspelled_is_named() -> None:
    offline = Known(profiles={"engagement": None}, named_events=frozenset({"payment.failed"}))
    assert set(warned(offline, trigger={"event": "payment.failled"})) == {"/trigger/event"}
    assert warned(offline, trigger={"event": "webinar.attended"}) == {}


def test_unknown_tags_are_named() -> None:
    asked = {"score": {"greater": 5}, "contact.tags": {"has": "vpi"}}
    warnings = warned(trigger=trigger(asked), steps=[{"remove_tag": "gone"}])
    assert warnings["/trigger/filters/contact.tags/has"] == (
        'no contact or deal has the tag "vpi", and no automation adds it; did you mean "vip"?'
    )
    assert "/steps/0/remove_tag" in warnings
    for tag in ("vip", "partner"):
        assert warned(trigger=trigger({"contact.tags": {"has": tag}})) == {}
    assert warned(steps=[{"add_tag": "new"}, {"remove_tag": "new"}]) == {}


def test_fields_that_look_like_built_in_ones_are_named() -> None:
    warnings = warned(
        trigger=trigger({"contact.emial": {"not_empty": True}}),
        steps=[{"create_task": {"title": "Call {{ contact.lable }} of {{ contact.company }}"}}],
    )
    assert warnings == {
        "/trigger/filters/contact.emial": '"contact.emial" is a field of your own; did you mean "email"?',
        "/steps/0/create_task/title": '"contact.lable" is a field of your own; did you mean "label"?',
    }


def test_more_that_is_hardly_meant() -> None:
    assert "starts itself" in warned(steps=[{"start": "a"}])["/steps/0/start"]
    adjusted = warned(steps=[{"adjust_score": {"profile": "deals", "points": 1}}])
    assert "scores deals" in adjusted["/steps/0/adjust_score/profile"]
    same = {"contact.stage": {"equal": "customer"}}
    assert "nobody is enrolled" in warned(trigger=trigger(same), exit_when=same)["/exit_when"]
    unknown = warned(steps=[{"notify": {"to": ["owner", "sails"], "message": "x"}}])
    assert 'did you mean "sales"' in unknown["/steps/0/notify/to/1"]


def test_an_exit_that_the_filters_exclude_is_sound() -> None:
    customer = {"contact.stage": {"equal": "customer"}}
    filters = {"all": [{"score": {"greater_or_equal": 50}}, {"not": customer}]}
    assert warned(trigger=trigger(filters, fires="on_entry"), exit_when=customer) == {}


def test_dnd_of_a_deal_is_an_error() -> None:
    raw = {"key": "a", "trigger": {"profile": "deals"}, "steps": [{"update": {"dnd": "all"}}]}
    errors, _ = check_automation(Automation.model_validate(raw), KNOWN)
    assert [(error.pointer, error.message) for error in errors] == [
        (
            "/steps/0/update/dnd",
            "a deal has no dnd, and this automation updates deals; its contact has one: contact: {dnd: ...}",
        )
    ]


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (
            "a@x, b@x",
            {"/steps/0/notify/to": '"a@x, b@x" holds more than one address; its messages are only recorded'},
        ),
        (
            ["mailto:ben@", "sales"],
            {"/steps/0/notify/to/0": '"mailto:ben@" is not an e-mail address; it is passed over'},
        ),
        (["contact", "owner", "sales", "ben@bücher.example", "mailto:ben@example.com"], {}),
    ],
)
def test_an_address_that_is_none(to: Any, expected: dict[str, str]) -> None:
    assert (
        warned(steps=[{"notify": {"to": to, "message": "x"}}], trigger=trigger({"score": {"greater": 5}}))
        == expected
    )


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://x.example/{{ contact.email }}", ["contact.email"]),
        ('https://x.example/{{ contact["email"] | lower }}', ["contact.email"]),
        ("https://x.example/{{ contact.email.strip() }}", ["contact.email"]),
        ("https://x.example?a={{ contact.key }}&b={{ event.plan }}", ["contact.key", "event.plan"]),
        ("https://x.example/{{ contact.name | default(contact.email) }}", ["contact.name", "contact.email"]),
        ("https://x.example/{{ 'u' ~ contact.key }}", ["contact.key"]),
        ("https://x.example/{% if contact.email %}{{ contact.email }}{% endif %}", ["contact.email"]),
        ("https://x.example/{% for tag in contact.tags %}{{ tag }},{% endfor %}", ["a value"]),
        ("https://x.example/{{ contact.key | urlencode if score.now else contact.name }}", ["contact.name"]),
        ("{{ contact.site }}/{{ contact.key }}", ["contact.key"]),
        ("https://x.example/{{ contact.email | urlencode }}", []),
        ("https://x.example/{{ contact.email | lower | urlencode }}", []),
        ("https://x.example/{{ contact.email | urlencode | upper }}", []),
        ("https://x.example/{{ (contact.email or contact.key) | urlencode }}", []),
        (
            "https://x.example/{{ contact.id }}/{{ score.now }}/{{ automation.key }}/{{ contact.tags | length }}",
            [],
        ),
        ("https://x.example/{{ 'a' if contact.email else 'b' }}", []),
        ("https://{{ contact.region }}.x.example/hook", []),
        ("https://x.example/{{ secret.path }}", []),
        ("{{ contact.hook }}", []),
        ("https://x.example/hook", []),
    ],
)
def test_values_that_go_into_an_address_as_they_are_are_named(url: str, names: list[str]) -> None:
    steps = [{"webhook": {"url": url, "body": {"email": "{{ contact.email }}"}}}]
    said = [
        warning.message
        for warning in check_automation(
            Automation.model_validate({"key": "a", "trigger": {"event": "deal.won"}, "steps": steps}), KNOWN
        )[1]
    ]
    assert [message.partition(" goes into")[0] for message in said] == names
    if names and names != ["a value"]:
        assert said[0].endswith(f"write {{{{ {names[0]} | urlencode }}}}")


@pytest.mark.parametrize(
    ("filters", "pointer"),
    [
        ({"contact.stage": {"not_equal": "customer"}}, "contact.stage"),
        ({"all": [{"contact.stage": {"not_equal": "customer"}}]}, "all/0/contact.stage"),
        ({"not": {"contact.stage": {"equal": "customer"}}}, "not/contact.stage"),
        ({"not": {"contact.stage": {"one_of": ["customer", "lost"]}}}, "not/contact.stage"),
        ({"contact.country": {"not_equal": "DE"}}, "contact.country"),
        ({"deal.owner": {"not_equal": "ben"}}, "deal.owner"),
    ],
)
def test_what_must_not_hold_is_let_in_while_nothing_is_known(filters: dict[str, Any], pointer: str) -> None:
    starting: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"profile": "engagement"}, {"score": {"greater": 5}}),
        ({"event": "form.submitted"}, {}),
    ]
    for starts, besides in starting:
        warnings = warned(trigger=starts | {"filters": {**besides, **filters}})
        assert list(warnings) == [f"/trigger/filters/{pointer}"]
        assert "add not_empty: true" in warnings[f"/trigger/filters/{pointer}"]
        waiting = warned(trigger=starts | {"filters": filters}, steps=[{"wait": "1m"}, *STOP])
        assert f"/trigger/filters/{pointer}" not in waiting


@pytest.mark.parametrize(
    "filters",
    [
        {"contact.stage": {"not_equal": "customer", "not_empty": True}},
        {"contact.stage": {"not_equal": "customer", "empty": False}},
        {"contact.stage": {"not_equal": "customer"}, "all": [{"contact.stage": {"starts_with": "c"}}]},
        {"any": [{"contact.stage": {"empty": True}}, {"contact.stage": {"not_equal": "customer"}}]},
        {"contact.dnd": {"not_equal": "all"}},
        {"deal.status": {"not_equal": "won"}},
        {"bands.engagement": {"not_equal": "hot"}},
        {"event.kind": {"not_equal": "test"}},
    ],
)
def test_what_must_not_hold_and_is_known_or_meant_is_not_warned_of(filters: dict[str, Any]) -> None:
    pointers = warned(trigger={"event": "form.submitted", "filters": filters})
    assert not [pointer for pointer in pointers if pointer.startswith("/trigger/filters")]


@pytest.mark.parametrize(
    ("spec", "pointer", "words"),
    [
        (
            trigger({"score": {"greater": 5}, "contact.last_event.form.submited": {"empty": True}}),
            "/trigger/filters/contact.last_event.form.submited",
            'did you mean "form.submitted"?',
        ),
        (
            trigger({"score": {"greater": 5}, "contact.open_tasks": {"less": 0}}),
            "/trigger/filters/contact.open_tasks",
            "is at least 0",
        ),
        (
            trigger({"score": {"greater": 5}, "contact.open_task": {"equal": 0}}),
            "/trigger/filters/contact.open_task",
            'did you mean "open_tasks"?',
        ),
        (
            trigger(
                {"score": {"greater": 5}, "contact.open_tasks": {"equal": 0}}, looks_at="scores_and_fields"
            ),
            "/trigger/looks_at",
            "does not look at changes of contact open tasks",
        ),
    ],
)
def test_what_goes_on_around_a_record(spec: dict[str, Any], pointer: str, words: str) -> None:
    warnings = warned(trigger=spec)
    assert words in warnings[pointer]


def test_counts_are_never_empty_and_do_not_come_to_hold_by_fields() -> None:
    filters = {
        "score": {"greater": 5},
        "contact.open_tasks": {"not_equal": 3},
        "contact.in.a": {"not_equal": True},
    }
    assert warned(trigger=trigger(filters | {"contact.open_deals": {"greater": 0}})) == {}


def test_templates_print_nothing_of_what_goes_on_around_a_record() -> None:
    steps = [{"notify": {"to": "sales", "message": "{{ contact.open_tasks }} tasks"}}]
    assert "a template prints nothing" in warned(steps=steps)["/steps/0/notify/message"]
