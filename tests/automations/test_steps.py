"""The course that a follow-up takes, and what ops read of its steps."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from automations.model import Automation
from automations.steps.places import find_step, walk
from automations.steps.words import LONGEST, place_words
from tests.automations.samples import EVERYTHING

AUTOMATION = Automation.model_validate(EVERYTHING)


def title_of(step: dict[str, Any]) -> str:
    steps = {"key": "a", "trigger": {"profile": "p"}, "steps": [step]}
    return Automation.model_validate(steps).course.stops["0"].step.title


def test_every_step_has_its_path_and_its_place_in_the_document() -> None:
    places = [(placed.path, placed.step.kind) for placed in walk(AUTOMATION)]
    assert places == [
        ("0", "notify"),
        ("1", "create_task"),
        ("2", "update"),
        ("3", "if"),
        ("3.then.0", "add_tag"),
        ("3.then.1", "remove_tag"),
        ("3.elif.0.0", "wait"),
        ("3.elif.0.1", "stop"),
        ("3.else.0", "start"),
        ("4", "adjust_score"),
        ("5", "split"),
        ("5.split.1.0", "add_tag"),
        ("6", "wait_for"),
        ("6.timeout.0", "notify"),
        ("7", "wait"),
        ("8", "wait"),
        ("9", "webhook"),
    ]
    for placed in walk(AUTOMATION):
        here: Any = EVERYTHING
        for part in placed.loc:
            here = here[part]
        assert placed.step.kind in here
        assert find_step(AUTOMATION, placed.path) is placed.step


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("0", "1"),
        ("11", "12"),
        ("3.then.1", "4 > then > 2"),
        ("3.elif.0.1", "4 > elif 1 > 2"),
        ("5.split.1.0", "6 > split 2 > 1"),
        ("6.timeout.0.else.9", "7 > timeout > 1 > else > 10"),
    ],
)
def test_people_count_steps_from_one(path: str, place: str) -> None:
    assert place_words(path) == place


def test_an_unknown_path_is_named() -> None:
    with pytest.raises(KeyError, match=r"no step at 7\.then\.0"):
        find_step(AUTOMATION, "7.then.0")


def test_titles_carry_no_address_template_or_secret() -> None:
    text = json.dumps([stop.step.title for stop in AUTOMATION.course.stops.values()])
    for word in ("@", "{{", "secret", "token", "Hot", "jane"):
        assert word not in text, word


@pytest.mark.parametrize(
    ("path", "branch", "following"),
    [
        ("0", None, "1"),
        ("3", "then", "3.then.0"),
        ("3", "elif.0", "3.elif.0.0"),
        ("3", "else", "3.else.0"),
        ("3", "none", "4"),
        ("3.then.0", None, "3.then.1"),
        ("3.then.1", None, "4"),
        ("3.elif.0.1", None, "4"),
        ("5", "split.0", "6"),
        ("5", "split.1", "5.split.1.0"),
        ("5", "none", "6"),
        ("6", "timeout", "6.timeout.0"),
        ("6", "met", "7"),
        ("9", None, None),
    ],
)
def test_the_course_knows_what_comes_next(path: str, branch: str | None, following: str | None) -> None:
    assert AUTOMATION.course.following(path, branch) == following


def test_a_date_that_is_over_passes_over_what_comes_up_to_the_next_wait() -> None:
    date = {"wait": {"until": "contact.renewal_date", "if_past": "skip"}}
    steps = [
        date,
        {"add_tag": "a"},
        {"if": {}, "then": [{"wait": "1h"}]},
        {"wait": "1d"},
        date,
        {"add_tag": "b"},
    ]
    course = Automation.model_validate({"key": "a", "trigger": {"profile": "p"}, "steps": steps}).course
    assert [course.following("0", way) for way in ("in_time", "past")] == ["1", "3"]
    assert [course.following("4", way) for way in ("in_time", "past")] == ["5", None]


def test_steps_up_to_one_that_decides_are_done_together() -> None:
    assert list(AUTOMATION.course.group("0")) == ["0", "1", "2", "3"]
    assert list(AUTOMATION.course.group("3.then.0")) == ["3.then.0", "3.then.1", "4", "5"]
    assert list(AUTOMATION.course.group("9")) == ["9"]


@pytest.mark.parametrize(
    ("step", "title"),
    [
        ({"notify": {"to": "sales", "message": "x"}}, "notify sales"),
        ({"notify": {"to": "jane@example.com", "message": "x"}}, "notify an address"),
        ({"notify": {"to": "mailto:jane@example.com", "message": "x"}}, "notify an address"),
        ({"notify": {"to": "+49 170 1234567", "message": "x"}}, "notify an address"),
        ({"notify": {"to": ["owner", "jane@example.com"], "message": "x"}}, "notify owner or an address"),
        ({"create_task": {"title": "Call {{ contact.label }}"}}, "create task"),
        ({"add_tag": "hot"}, "add tag hot"),
        ({"remove_tag": "hot"}, "remove tag hot"),
        ({"update": {"stage": "demo", "fields": {}}}, "update fields, stage"),
        ({"adjust_score": {"profile": "fit", "points": 5}}, "add 5 points to fit"),
        ({"adjust_score": {"profile": "fit", "points": -1}}, "take 1 point from fit"),
        ({"adjust_score": {"profile": "fit", "set_to": 0}}, "set fit to 0"),
        ({"webhook": {"url": "https://crm.example:8443/x?y=z"}}, "call crm.example"),
        ({"webhook": {"url": "https://{{ contact.site }}/x"}}, "call a webhook"),
        ({"webhook": {"url": "{{ contact.site }}"}}, "call a webhook"),
        ({"wait": "3d"}, "wait 3 days"),
        ({"wait": "1h"}, "wait 1 hour"),
        ({"wait": {"until": "09:00", "weekdays": ["mon", "fri"]}}, "wait until 09:00 on mon, fri"),
        (
            {"wait": {"until": "contact.renewal_date", "offset": "-30d"}},
            "wait until 30 days before contact renewal date",
        ),
        (
            {"wait_for": {"event": "meeting.booked", "timeout": "7d"}},
            "wait for meeting.booked, at most 7 days",
        ),
        ({"wait_for": {"filters": {"score": {"greater": 5}}}}, "wait until score is greater than 5"),
        ({"if": {"score": {"less": 20}}, "then": []}, "if score is less than 20"),
        (
            {"if": {"contact.email": {"equal": "jane@example.com"}}, "then": []},
            "if contact email is an address",
        ),
        ({"split": [{"percent": 50, "steps": []}, {"percent": 50, "steps": []}]}, "split 50 / 50"),
        ({"start": "other"}, "start other"),
        ({"stop": "lost"}, "stop: lost"),
        ({"add_tag": "hot", "name": "Mark as hot"}, "Mark as hot"),
        ({"add_tag": "hot", "name": "For {{ contact.label }}"}, "For …"),
        ({"add_tag": "hot", "name": "For {{ contact"}, "For …"),
    ],
)
def test_a_title_says_what_the_step_does(step: dict[str, Any], title: str) -> None:
    assert title_of(step) == title


def test_a_long_title_is_cut() -> None:
    title = title_of({"stop": "x" * 200})
    assert len(title) == LONGEST
    assert title.endswith("…")


@pytest.mark.parametrize("kind", ["add_tag", "remove_tag"])
def test_blanks_around_a_tag_are_no_part_of_it(kind: str) -> None:
    assert title_of({kind: " cold "}) == title_of({kind: "cold"})
    with pytest.raises(ValidationError, match="a tag is not blank"):
        title_of({kind: "  "})
