"""Follow-ups that an earlier version began carry their plan in its form."""

from typing import Any

from automations.model import Automation
from automations.steps.places import outline
from tests.automations.samples import EVERYTHING
from workflows.outlines import led_over

STOP = {"path": "9", "kind": "stop", "title": "stop: x", "on_failure": "stop"}
WAIT = {"path": "8", "kind": "wait", "title": "wait 1 hour", "on_failure": "stop", "seconds": 3600}


def test_each_form_of_branches_becomes_the_one_of_today() -> None:
    old: list[dict[str, Any]] = [
        {
            "path": "0",
            "kind": "if",
            "title": "if x",
            "on_failure": "stop",
            "then": [STOP],
            "else": [],
            "elif": [{"title": "else if y", "then": [WAIT]}],
        },
        {
            "path": "1",
            "kind": "split",
            "title": "split 60",
            "on_failure": "stop",
            "split": [{"percent": 60, "title": "60 %", "steps": [STOP]}],
        },
        {
            "path": "2",
            "kind": "wait_for",
            "title": "wait for e",
            "on_failure": "stop",
            "timeout_seconds": 60,
            "timeout": [],
        },
    ]
    chosen, shared, awaited = led_over(old)
    stop, wait = {**STOP, "decides": True}, {**WAIT, "decides": True}
    assert chosen["branches"] == {
        "then": {"title": "yes", "steps": [stop]},
        "elif.0": {"title": "no, but else if y", "steps": [wait]},
        "else": {"title": "no", "steps": []},
    }
    assert shared["branches"] == {
        "split.0": {"title": "60 %", "steps": [stop]},
        "none": {"title": "none of them", "steps": []},
    }
    assert awaited["branches"] == {
        "met": {"title": "it came about", "steps": []},
        "timeout": {"title": "time is over", "steps": []},
    }
    assert all(step["decides"] for step in (chosen, shared, awaited))


def test_the_plan_of_today_stays_as_it_is() -> None:
    plan = outline(Automation.model_validate(EVERYTHING))
    assert led_over(plan) == plan
    assert led_over(led_over(plan)) == plan
