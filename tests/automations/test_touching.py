"""Automations that the same change may start and that change the same things are pointed out."""

from typing import Any

import pytest

from automations.checks import check_automation
from automations.known import Known
from automations.model import Automation
from automations.touching import touched_by, touching
from scoring.profile import ScoreProfile

SEEN = {"key": "seen", "on": "seen", "points": 1}
SILENT = {"key": "silent", "after_silence": "7d", "of": ["bought", "seen"], "points": -1}
PROFILES = {
    key: ScoreProfile.model_validate({"key": key, "applies_to": applies_to, "rules": [rule]})
    for key, applies_to, rule in (
        ("p", "contact", SEEN),
        ("q", "contact", SILENT),
        ("of-deals", "deal", SEEN),
    )
}


def automation(key: str, *steps: dict[str, Any], trigger: Any = None, **more: Any) -> dict[str, Any]:
    return {"key": key, "trigger": trigger or {"profile": "p"}, "steps": list(steps), **more}


def pointed_out(mine: dict[str, Any], *others: dict[str, Any]) -> list[str]:
    known = Known(
        profiles={**PROFILES, "elsewhere": None},
        automations=[other["key"] for other in others],
        touching=lambda: touching(map(Automation.model_validate, [mine, *others])),
    )
    _, warnings = check_automation(Automation.model_validate(mine), known)
    return [problem.message for problem in warnings if "the same change" in problem.message]


def test_the_same_tag_set_and_removed_is_pointed_out() -> None:
    mine = automation("mine", {"add_tag": "hot"})
    other = automation("other", {"if": {"score": {"less": 5}}, "then": [{"remove_tag": "hot"}]})
    [message] = pointed_out(mine, other)
    assert message.startswith("the same change may start other, which changes the tag hot too")
    assert "order" in message


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (automation("a", {"add_tag": "hot"}, order=1), automation("b", {"remove_tag": "hot"})),
        (automation("a", {"add_tag": "hot"}), automation("b", {"add_tag": "cold"})),
        (automation("a", {"add_tag": "hot"}), automation("b", {"remove_tag": "hot"}, trigger={"event": "e"})),
        (automation("a", {"add_tag": "hot"}), automation("b", {"add_tag": "hot"})),
        (automation("a", {"add_tag": "hot"}), automation("b", {"wait": "3d"}, {"remove_tag": "hot"})),
        (
            automation("a", {"add_tag": "hot"}),
            automation("b", {"remove_tag": "hot"}, trigger={"profile": "of-deals"}),
        ),
        (
            automation("a", {"add_tag": "hot"}),
            automation("b", {"remove_tag": "hot"}, trigger={"profile": "elsewhere"}),
        ),
        (
            automation("a", {"add_tag": "x"}, trigger={"profile": "p", "filters": {"score": {"less": 5}}}),
            automation(
                "b", {"remove_tag": "x"}, trigger={"profile": "p", "filters": {"score": {"greater": 9}}}
            ),
        ),
    ],
    ids=[
        "order",
        "other tags",
        "other events",
        "nobody minds",
        "later",
        "other records",
        "unknown rules",
        "scores that exclude each other",
    ],
)
def test_what_cannot_meet_or_is_ordered_is_not(mine: dict[str, Any], other: dict[str, Any]) -> None:
    assert pointed_out(mine, other) == []


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ({"profile": "p"}, {"event": "seen"}),
        ({"event": "bought"}, {"profile": "q"}),
        ({"profile": "p"}, {"profile": "q"}),
        ({"event": "seen"}, {"event": "seen"}),
        ({"event": "seen"}, {"profile": "of-deals"}),
    ],
)
def test_one_event_may_start_those_that_look_at_different_things(mine: Any, other: Any) -> None:
    raw = automation("mine", {"add_tag": "hot"}, trigger=mine)
    assert pointed_out(raw, automation("other", {"remove_tag": "hot"}, trigger=other))
    assert not pointed_out(raw, automation("other", {"remove_tag": "hot"}, trigger=other, order=1))


def test_stages_owners_and_fields_are_things_too() -> None:
    step = {"update": {"stage": "demo", "owner": ["anna"], "fields": {"city": "Bonn"}}}
    raw = automation("a", {"split": [{"percent": 50, "steps": [step]}]})
    assert set(touched_by(Automation.model_validate(raw))) == {"stage", "owner", "the field city"}


def test_many_others_are_named_in_short() -> None:
    mine = automation("mine", {"update": {"stage": "demo"}})
    others = [automation(f"o{number}", {"update": {"stage": "won"}}) for number in range(5)]
    [message] = pointed_out(mine, *others)
    assert "o0, o1, o2 and 2 more, which changes stage too" in message
