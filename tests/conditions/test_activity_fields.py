"""Fields for what goes on around a record: where they may be read, and how mistakes in their names are told."""

from typing import Any

import pytest

from conditions.activity import Activity, activity_of
from conditions.describing import describe
from conditions.fields import (
    EVENT_WHERE,
    LATER_WHERE,
    LIST,
    RULE_WHERE,
    RULE_WHILE,
    STEP,
    TRIGGER,
    Catalogue,
    check_conditions,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("contact.open_tasks", Activity("contact", "open_tasks")),
        ("deal.last_seen", Activity("deal", "last_seen")),
        ("contact.last_event.email.opened", Activity("contact", "last_event", "email.opened")),
        ("deal.in.hot-lead", Activity("deal", "in", "hot-lead")),
        ("deal.open_deals", None),
        ("contact.in", None),
        ("contact.last_event.", None),
        ("event.open_tasks", None),
        ("open_tasks", None),
    ],
)
def test_what_a_name_asks_for(name: str, expected: Activity | None) -> None:
    assert activity_of(name) == expected


@pytest.mark.parametrize(
    "catalogue", [TRIGGER, STEP, EVENT_WHERE, LATER_WHERE, LIST["contact"], LIST["deal"]]
)
def test_filters_steps_and_lists_read_them(catalogue: Catalogue) -> None:
    raw = {
        "contact.open_tasks": {"equal": 0},
        "contact.open_deals": {"greater": 0},
        "contact.in.hot-lead": {"equal": False},
        "contact.last_seen": {"older_than": "30d"},
        "contact.last_event.email.opened": {"less": "2026-11-01"},
    }
    assert check_conditions(raw, catalogue) == []


def test_lists_of_contacts_know_no_deal() -> None:
    raw = {"deal.open_tasks": {"equal": 0}}
    assert check_conditions(raw, LIST["deal"]) == []
    [problem] = check_conditions(raw, LIST["contact"])
    assert problem.message.startswith('unknown field "deal.open_tasks"')


@pytest.mark.parametrize(
    ("catalogue", "field"),
    [
        (RULE_WHILE["contact"], "open_tasks"),
        (RULE_WHILE["contact"], "in.hot-lead"),
        (RULE_WHILE["contact"], "contact.last_seen"),
        (RULE_WHILE["deal"], "last_event.email.opened"),
        (RULE_WHERE, "contact.open_deals"),
        (RULE_WHERE, "deal.in.hot-lead"),
    ],
)
def test_rules_read_none_of_them_and_say_why(catalogue: Catalogue, field: str) -> None:
    [problem] = check_conditions({field: {"not_empty": True}}, catalogue)
    assert problem.pointer == f"/{field}"
    assert "a score comes of events, fields and time alone" in problem.message


def test_properties_of_events_may_have_any_name() -> None:
    assert check_conditions({"open_tasks": {"equal": 3}, "last_seen": {"empty": True}}, RULE_WHERE) == []


@pytest.mark.parametrize(
    ("raw", "pointer", "words"),
    [
        ({"contact.in": {"equal": "hot-lead"}}, "/contact.in", "write contact.in.<key of an automation>"),
        ({"deal.last_event": {"empty": True}}, "/deal.last_event", "write deal.last_event.<type of event>"),
        (
            {"contact.last_evnet.form.sent": {"empty": True}},
            "/contact.last_evnet.form.sent",
            'did you mean "contact.last_event.form.sent"?',
        ),
        ({"contact.address.city": {"equal": "x"}}, "/contact.address.city", "have no dots"),
        ({"deal.open_deals": {"equal": 1}}, None, ""),
        ({"contact.open_tasks": {"equal": "1"}}, "/contact.open_tasks/equal", "is a number"),
        ({"contact.in.a": {"equal": "yes"}}, "/contact.in.a/equal", "is true or false"),
        ({"contact.last_seen": {"greater": 5}}, "/contact.last_seen/greater", "is a date"),
    ],
)
def test_mistakes_are_named(raw: dict[str, Any], pointer: str | None, words: str) -> None:
    problems = check_conditions(raw, TRIGGER)
    assert [problem.pointer for problem in problems] == ([pointer] if pointer else [])
    assert all(words in problem.message for problem in problems)


def test_they_are_told_in_words() -> None:
    told = describe(
        {"contact.open_tasks": {"equal": 0}, "contact.last_event.email.opened": {"older_than": "3d"}}
    )
    assert told == "contact open tasks is 0 and contact last event email.opened is older than 3 days"
