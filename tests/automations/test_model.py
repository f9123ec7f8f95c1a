"""Definitions are kept as written, and mistakes are named in plain words where they stand."""

from typing import Any

import pytest
from pydantic import ValidationError

from automations.model import Automation, Recipient, definition
from automations.steps.kinds import STEPS
from conditions.messages import plain_errors
from tests.automations.samples import EVERYTHING
from triggers.model import Trigger

BASE = {"key": "a", "trigger": {"profile": "p"}, "steps": [{"add_tag": "x"}]}


def problems(raw: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        Automation.model_validate(raw)
    return [(problem.pointer, problem.message) for problem in plain_errors(caught.value, raw)]


@pytest.mark.parametrize(
    "raw",
    [
        EVERYTHING,
        BASE,
        BASE | {"exit_when": {"contact.stage": {"equal": "customer"}}},
        BASE | {"trigger": {"event": "payment.failed", "where": {"amount": {"greater": 5}}}},
    ],
)
def test_a_definition_comes_back_exactly_as_written(raw: dict[str, Any]) -> None:
    assert definition(Automation.model_validate(raw)) == raw


def test_a_model_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Automation.model_validate(BASE).key = "b"  # type: ignore[misc]


STEP_MISTAKES: list[tuple[Any, str, str]] = [
    ("x", "", "a step is a mapping, such as {add_tag: hot}"),
    ("notify", "", 'as a mapping, such as {notify: {to: sales, message: "{{ contact.label }} is hot"}}'),
    ("add_tga", "", 'such as {add_tag: hot}; unknown step "add_tga"; did you mean "add_tag"?'),
    ({"wait": None}, "/wait", "nothing stands here; write it such as {wait: 3d}"),
    ({}, "", "no step here; known: notify, create_task"),
    ({"add_tga": "x"}, "/add_tga", 'unknown step "add_tga"; did you mean "add_tag"?'),
    ({"add_tag": "x", "stop": "y"}, "/stop", "one step does one thing"),
    ({"add_tag": 5}, "/add_tag", '"add_tag" should be a text; put it in quotes: "5"'),
    ({"add_tag": "x", "on_fail": "stop"}, "/on_fail", 'unknown key "on_fail"; did you mean "on_failure"?'),
    ({"add_tag": "x", "on_failure": "go"}, "/on_failure", '"on_failure" should be stop or continue'),
    ({"notify": {"to": "x"}}, "/notify/message", '"message" is missing'),
    ({"notify": "sales"}, "/notify", '"notify" should be a mapping of keys to values'),
    ({"wait": 3}, "/wait", "90s, 15m, 12h, 30d or 4w"),
    ({"wait": {"until": "9:00"}}, "/wait/until", 'a time of day in quotes such as "09:00"'),
    ({"wait": {"until": "09:00", "timezone": "Berlin"}}, "/wait/timezone", "write Europe/Berlin"),
    ({"wait": {"until": "contact.x", "offset": "30"}}, "/wait/offset", "write -30d"),
    ({"wait": {"until": "09:00", "weekdays": ["monday"]}}, "/wait/weekdays/0", 'did you mean "mon"?'),
    ({"wait_for": {"timeout": "3d"}}, "/wait_for", 'one of "filters", an "event" and a "task"'),
    ({"if": {"score": {"less": 1}}}, "/then", '"then" is missing'),
    ({"if": {"score": {"les": 1}}, "then": []}, "/if/score/les", 'did you mean "less"?'),
    ({"if": {}, "then": [{"wait": "x"}]}, "/then/0/wait", '"x" is not a duration'),
    ({"split": [{"percent": 101, "steps": []}]}, "/split/0/percent", '"percent" should be at most 100'),
    ({"split": [{"percent": 60, "steps": []}] * 2}, "/split", "add up to 120"),
    ({"adjust_score": {"profile": "p"}}, "/adjust_score", 'either "points" or "set_to"'),
    ({"adjust_score": {"profile": "p", "points": True}}, "/adjust_score/points", "a whole number"),
    ({"update": {}}, "/update", "something to change"),
    ({"update": {"dnd": ["fax"]}}, "/update/dnd/0", "should be email, sms, call or chat"),
    ({"webhook": {"url": "crm"}}, "/webhook/url", "starts with https://"),
    ({"webhook": {"url": "https://x", "method": "post"}}, "/webhook/method", "should be POST"),
]


@pytest.mark.parametrize(("step", "pointer", "words"), STEP_MISTAKES)
def test_a_mistake_in_a_step_is_named_where_it_stands(step: Any, pointer: str, words: str) -> None:
    [(place, message)] = problems(BASE | {"steps": [{"add_tag": "x"}, step]})
    assert place == f"/steps/1{pointer}"
    assert words in message


@pytest.mark.parametrize(
    ("trigger", "pointer", "words"),
    [
        ({}, "", 'a trigger needs a "profile" or an "event"'),
        ({"profile": "p", "event": "e"}, "/event", "not at both"),
        ({"profile": "p", "where": {}}, "/where", 'with a "profile" use "filters"'),
        ({"event": "e", "fires": "on_entry"}, "/fires", "on_entry needs a profile"),
        ({"profile": "p", "rearm": {"less": 4}}, "/rearm", "needs `fires: on_entry`"),
        ({"profile": "p", "fires": "on_entry", "rearm": {}}, "/rearm", "{less: 40}"),
        ({"profile": "p", "reentry": "never"}, "/reentry", "every_time or once"),
        ({"profile": "p", "reentry": {"after": "7"}}, "/reentry/after", "30d"),
        ({"profile": "p", "max_starts": {"times": 0, "per": "day"}}, "/max_starts/times", "at least 1"),
        ({"profile": "P p"}, "/profile", "lower-case letters"),
        ({"profil": "p", "event": "e"}, "/profil", 'did you mean "profile"?'),
    ],
)
def test_a_mistake_in_a_trigger_is_named(trigger: dict[str, Any], pointer: str, words: str) -> None:
    [(place, message)] = problems(BASE | {"trigger": trigger})
    assert place == f"/trigger{pointer}"
    assert words in message


def test_all_mistakes_are_named_at_once() -> None:
    raw = {
        "key": "A",
        "trigger": {"x": 1, "profile": "p"},
        "steps": [{"wait": "1"}, {"stop": ""}],
        "exit_when": 5,
    }
    assert {pointer for pointer, _ in problems(raw)} == {
        "/key", "/trigger/x", "/steps/0/wait", "/steps/1/stop", "/exit_when",
    }  # fmt: skip


def test_defaults_are_those_of_a_simple_product() -> None:
    trigger = Trigger.model_validate({"profile": "p"})
    assert (trigger.fires, trigger.reentry, trigger.while_running) == ("every_change", "every_time", "start")
    assert (trigger.max_starts.times, trigger.max_starts.per) == (600, "minute")


def test_a_recipient_has_channels_that_can_be_reached() -> None:
    raw = {"key": "sales", "channels": ["mailto:sales@example.com", "https://chat.example/x"]}
    assert definition(Recipient.model_validate(raw)) == raw
    with pytest.raises(ValidationError, match=r"write mailto:sales@example\.com"):
        Recipient.model_validate({"key": "sales", "channels": ["sales"]})


@pytest.mark.parametrize(
    ("channel", "mistake"),
    [
        ("mailto:a@x,b@x", "holds more than one address; .*each address as a channel of its own"),
        ("mailto:sales@example.com?subject=hot", "is not an e-mail address"),
        ("MAILTO:sales", "is not an e-mail address"),
    ],
)
def test_a_channel_by_mail_is_one_address(channel: str, mistake: str) -> None:
    with pytest.raises(ValidationError, match=mistake):
        Recipient.model_validate({"key": "sales", "channels": [channel]})


def test_the_json_schema_names_steps_and_conditions() -> None:
    schema = Automation.model_json_schema()
    assert {"Step", "Conditions", "Trigger", "NotifyStep", "IfStep"} <= schema["$defs"].keys()
    assert len(schema["$defs"]["Step"]["oneOf"]) == len(STEPS)
    assert "older_than" in schema["$defs"]["Conditions"]["additionalProperties"]["properties"]
