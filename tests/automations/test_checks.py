"""What is wrong with an automation beside everything else that is defined."""

from typing import Any

import pytest

from automations.checks import check_automation
from automations.known import Known
from automations.model import Automation
from tests.automations.samples import EVERYTHING

KNOWN = Known(
    profiles={"engagement": None, "fit": None},
    automations=["other"],
    recipients=["sales"],
    event_types=["meeting.booked", "unsubscribed"],
)
BASE: dict[str, Any] = {"key": "a", "trigger": {"profile": "fit"}, "steps": [{"add_tag": "x"}]}


def check(raw: dict[str, Any]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Errors and warnings."""
    errors, warnings = check_automation(Automation.model_validate(raw), KNOWN)
    return (
        [(one.pointer, one.message) for one in errors],
        [(one.pointer, one.message) for one in warnings],
    )


@pytest.mark.parametrize("raw", [BASE, EVERYTHING, BASE | {"steps": [{"start": "other"}]}])
def test_a_sound_automation_passes(raw: dict[str, Any]) -> None:
    assert check(raw) == ([], [])


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"trigger": {"profile": "engagment"}}, "/trigger/profile", 'did you mean "engagement"?'),
        (
            {"trigger": {"profile": "fit", "filters": {"scroe": {"equal": 5}}}},
            "/trigger/filters/scroe",
            'unknown field "scroe"',
        ),
        (
            {"trigger": {"profile": "fit", "filters": {"any": [{"score": {"equal": "x"}}]}}},
            "/trigger/filters/any/0/score/equal",
            "score is a number",
        ),
        (
            {"trigger": {"profile": "fit", "filters": {"scores.fti": {"less": 5}}}},
            "/trigger/filters/scores.fti",
            'no profile "fti"; did you mean "fit"?',
        ),
        (
            {"trigger": {"event": "unsubscribed", "where": {"contact.tags": {"equal": "x"}}}},
            "/trigger/where/contact.tags/equal",
            "use `has: x`",
        ),
        (
            {"exit_when": {"contact.in.othr": {"equal": True}}},
            "/exit_when/contact.in.othr",
            'no automation "othr"; did you mean "other"?',
        ),
        ({"exit_when": {"stage": {"equal": "x"}}}, "/exit_when/stage", 'unknown field "stage"'),
        (
            {"steps": [{"if": {}, "then": [], "elif": [{"if": {"sc": {"less": 1}}, "then": []}]}]},
            "/steps/0/elif/0/if/sc",
            "unknown field",
        ),
        (
            {"steps": [{"wait_for": {"filters": {"score": {"has": "x"}}}}]},
            "/steps/0/wait_for/filters/score/has",
            "score is a number",
        ),
        (
            {"steps": [{"if": {}, "then": [{"notify": {"to": "sales", "message": "{{ nmae }}"}}]}]},
            "/steps/0/then/0/notify/message",
            "template: line 1",
        ),
        (
            {"steps": [{"webhook": {"url": "https://x", "body": {"a": ["{{ score.x }}"]}}}]},
            "/steps/0/webhook/body/a/0",
            'score has no "x"',
        ),
        ({"steps": [{"add_tag": "{{ x }}"}]}, "/steps/0/add_tag", "a plain tag"),
        (
            {"steps": [{"add_tag": "x", "key": "k"}, {"if": {}, "then": [{"add_tag": "y", "key": "k"}]}]},
            "/steps/1/then/0/key",
            "there twice",
        ),
        (
            {"steps": [{"adjust_score": {"profile": "fitt", "points": 1}}]},
            "/steps/0/adjust_score/profile",
            'did you mean "fit"?',
        ),
        ({"steps": [{"start": "othr"}]}, "/steps/0/start", 'no automation "othr"; did you mean "other"?'),
    ],
)
def test_an_error_is_named_where_it_stands(change: dict[str, Any], pointer: str, words: str) -> None:
    errors, _ = check(BASE | change)
    assert [place for place, _ in errors] == [pointer]
    assert words in errors[0][1]


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        (
            {"steps": [{"notify": {"to": "salse", "message": "x"}}]},
            "/steps/0/notify/to",
            'did you mean "sales"?',
        ),
        (
            {"steps": [{"notify": {"to": ["owner", "ops"], "message": "x"}}]},
            "/steps/0/notify/to/1",
            "only recorded",
        ),
        ({"trigger": {"event": "payment.failed"}}, "/trigger/event", "has been seen so far"),
        ({"trigger": {"profile": "fit", "fires": "on_entry"}}, "/trigger/fires", "never fires"),
    ],
)
def test_a_warning_does_not_keep_it_from_being_saved(
    change: dict[str, Any], pointer: str, words: str
) -> None:
    errors, warnings = check(BASE | change)
    assert errors == []
    assert [place for place, _ in warnings] == [pointer]
    assert words in warnings[0][1]


@pytest.mark.parametrize(
    ("raw", "pointer", "message"),
    [
        ({"exit_when": {"contact.x": {"older_than": "1d"}}}, "/exit_when/contact.x/older_than", "wait for the date"),
        (
            {"steps": [{"wait_for": {"filters": {"any": [{"contact.since": {"older_than": "1d"}}]}}}]},
            "/steps/0/wait_for/filters/any/0/contact.since/older_than",
            "wait for the date",
        ),
        (
            {"trigger": {"event": "e"}, "steps": [{"if": {"score": {"less": 5}}, "then": []}]},
            "/steps/0/if/score",
            "write scores.<profile>",
        ),
        ({"trigger": {"event": "e"}, "exit_when": {"band": {"equal": "hot"}}}, "/exit_when/band", "bands.<profile>"),
        ({"trigger": {"event": "e", "filters": {"change": {"less": 5}}}}, "/trigger/filters/change", "scores.<pro"),
    ],
)  # fmt: skip
def test_tests_that_could_never_come_out_as_meant(raw: dict[str, Any], pointer: str, message: str) -> None:
    document = {"key": "a", "trigger": {"profile": "p"}, "steps": [{"add_tag": "x"}], **raw}
    errors, _ = check_automation(Automation.model_validate(document), Known({"p": None}))
    assert [error.pointer for error in errors] == [pointer]
    assert message in errors[0].message
