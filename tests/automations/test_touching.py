"""Automations that the same change may start and that change the same things are pointed out."""

from typing import Any

import pytest

from automations.checks import check_automation
from automations.known import Known
from automations.model import Automation
from automations.touching import targets_of, touching
from scoring.profile import ScoreProfile

PROFILE = ScoreProfile.model_validate({"key": "p", "applies_to": "contact", "rules": []})


def automation(key: str, *steps: dict[str, Any], trigger: Any = None, **more: Any) -> dict[str, Any]:
    return {"key": key, "trigger": trigger or {"profile": "p"}, "steps": list(steps), **more}


def pointed_out(mine: dict[str, Any], *others: dict[str, Any]) -> list[str]:
    known = Known(
        profiles={"p": PROFILE},
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
        (automation("a", {"add_tag": "hot"}), automation("b", {"add_tag": "hot"}, trigger={"event": "e"})),
        (
            automation("a", {"add_tag": "x"}, trigger={"profile": "p", "filters": {"score": {"less": 5}}}),
            automation("b", {"add_tag": "x"}, trigger={"profile": "p", "filters": {"score": {"greater": 9}}}),
        ),
    ],
    ids=["order", "other tags", "other triggers", "scores that exclude each other"],
)
def test_what_cannot_meet_or_is_ordered_is_not(mine: dict[str, Any], other: dict[str, Any]) -> None:
    assert pointed_out(mine, other) == []


def test_stages_owners_and_fields_are_things_too() -> None:
    step = {"update": {"stage": "demo", "owner": ["anna"], "fields": {"city": "Bonn"}}}
    raw = automation("a", {"split": [{"percent": 50, "steps": [step]}]})
    assert targets_of(Automation.model_validate(raw)) == {"stage", "owner", "the field city"}


def test_many_others_are_named_in_short() -> None:
    mine = automation("mine", {"update": {"stage": "demo"}})
    others = [automation(f"o{number}", {"update": {"stage": "won"}}) for number in range(5)]
    [message] = pointed_out(mine, *others)
    assert "o0, o1, o2 and 2 more, which changes stage too" in message
