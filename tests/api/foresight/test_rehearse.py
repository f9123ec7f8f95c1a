"""Rehearsals: every step as it would be done, and nothing written."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from email.message import Message
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from channels.outbound import LOG_ONLY
from conditions.times import Micros
from store import tables
from store.connection import Connection
from store.database import Database
from store.follow_ups.webhooks import signing_secret
from store.foresight import copies
from store.tables import table
from tests.api.installation import PROFILE, Installation, opened
from tests.workflows.mail_server import Mailbox, mail_server

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
ON_ENTRY = (
    "on_entry: the filters held before, too, or since the last start the score has not been where `rearm` "
    "wants it"
)
NO_SERVER = "no mail server is configured (KINDLING_SMTP_URL)"
TRIGGER = {"profile": "engagement", "filters": {"score": {"greater_or_equal": 5}}}


async def rehearse(kindling: Installation, status: int = 200, key: str = "hot", **body: Any) -> Any:
    answer = await kindling.client.post(f"/v1/automations/{key}/rehearse", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def of_steps(kindling: Installation, *steps: Any, take: Any = None, **more: Any) -> Any:
    """What the steps of an automation that is nowhere stored would do to Ada."""
    document = {"trigger": TRIGGER, "steps": [*steps], **more.pop("besides", {})}
    taken = {"take": take} if take else {}
    return await rehearse(kindling, document=document, **{"contact": "ada", **taken, **more})


@pytest.fixture
async def ada(kindling: Installation) -> Installation:
    """An installation with Ada, who has 4 points, an address and an owner, and the recipient `sales`."""
    await kindling.publish()
    person = {"name": "Ada", "email": "ada@example.com", "owner": "ben", "tags": ["lead"], "fields": {"n": 1}}
    await kindling.client.put("/v1/contacts/ada", json=person)
    await kindling.client.put("/v1/recipients/sales", json={"channels": ["mailto:sales@example.com"]})
    await kindling.send(*opened("ada", 4))
    kindling.score()
    return kindling


@pytest.fixture
def mailbox() -> Iterator[tuple[str, Mailbox]]:
    with mail_server() as served:
        yield served


def with_settings(kindling: Installation, **variables: str) -> Installation:
    """The same installation, in a process with these settings."""
    home = str(kindling.application.resources.settings.home)
    other = Installation(kindling.database, home, **variables)
    other.now = kindling.now
    return other


def everything(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with database.read() as connection:
        return {
            name: sorted(map(str, connection.execute(sa.select(table)).all()))
            for name, table in SQLModel.metadata.tables.items()
        }


ALL = (
    {"notify": {"to": "sales", "subject": "{{ contact.name }}", "message": "{{ score.now }}"}},
    {"create_task": {"title": "Call {{ contact.label }}", "assign_to": "owner", "due_in": "1d"}},
    {"add_tag": "hot"},
    {"remove_tag": "lead"},
    {
        "update": {
            "stage": "demo",
            "owner": ["cleo", "dora"],
            "fields": {"n": None, "m": "{{ contact.stage }}"},
        }
    },
    {"adjust_score": {"profile": "engagement", "points": 7}},
    {"webhook": {"url": "https://example.com/hook"}},
    {"wait": "2d"},
    {"wait_for": {"event": "form.submitted", "timeout": "1d", "on_timeout": [{"start": "other"}]}},
    {"split": [{"percent": 100, "steps": [{"stop": "enough"}]}]},
    {"add_tag": "never"},
)


async def test_nothing_is_written_and_nobody_is_waited_for(ada: Installation) -> None:
    await ada.automate("other", trigger={"event": "never"}, steps=[{"add_tag": "other"}])
    wakes = list(ada.wakes)
    with ada.database.write(range(4)):  # on SQLite nobody else can write now, on PostgreSQL nobody in a shard
        before = everything(ada.database)
        told = await of_steps(ada, *ALL, event="email.opened")
        assert everything(ada.database) == before
    assert ada.wakes == wakes
    assert [(step["path"], step["kind"]) for step in told["steps"]] == [
        ("0", "notify"),
        ("1", "create_task"),
        ("2", "add_tag"),
        ("3", "remove_tag"),
        ("4", "update"),
        ("5", "adjust_score"),
        ("6", "webhook"),
        ("7", "wait"),
        ("8", "wait_for"),
        ("8.timeout.0", "start"),
        ("9", "split"),
        ("9.split.0.0", "stop"),
    ]
    assert told["end"] == {
        "status": "completed",
        "reason": "stopped: enough",
        "at": told["steps"][-1]["at"],
    }
    assert told["unreached"] == [{"path": "10", "title": "add tag never"}]


async def test_each_step_tells_what_it_would_do(ada: Installation) -> None:
    await ada.automate("other", trigger={"event": "never"}, steps=[{"add_tag": "other"}])
    told = await of_steps(ada, *ALL, event="email.opened")
    steps = {step["path"]: step for step in told["steps"]}
    assert steps["0"]["message"] == {
        "recipient": "sales",
        "to": ["sales@example.com"],
        "outcome": "recorded",
        "reason": "no mail server is configured (KINDLING_SMTP_URL)",
        "subject": "Ada",
        "message": "5",
    }
    assert steps["1"]["task"] == {
        "title": "Call Ada",
        "description": "",
        "assign_to": "ben",
        "due_at": "2026-11-23T12:00:00.000000Z",
    }
    tags = {"record": "contact", "field": "tags"}
    assert steps["2"]["changes"] == [{**tags, "before": ["lead"], "after": ["lead", "hot"]}]
    assert steps["3"]["changes"] == [{**tags, "before": ["lead", "hot"], "after": ["hot"]}]
    assert steps["4"]["changes"] == [
        {"record": "contact", "field": "stage", "before": None, "after": "demo"},
        {"record": "contact", "field": "owner", "before": "ben", "after": "cleo"},
        {"record": "contact", "field": "n", "before": 1, "after": None},
        {"record": "contact", "field": "m", "before": None, "after": ""},
    ]
    assert steps["6"]["scores"] == [{"profile": "engagement", "before": 5, "after": 15}]
    assert (steps["7"]["at"], steps["7"]["until"]) == (
        "2026-11-22T12:00:00.000000Z",
        "2026-11-24T12:00:00.000000Z",
    )
    assert steps["8"]["way"] == {"branch": "timeout", "title": "time is over", "by": "assumption"}
    assert steps["8"]["assumed"] == "nothing of what it waits for happens in time"
    assert steps["8.timeout.0"]["starts"] == {"automation": "other", "enrolls": True, "reason": None}
    assert steps["9"]["way"] == {"branch": "split.0", "title": "100 %", "by": "conditions"}
    assert steps["9.split.0.0"]["stops"] == "enough"


@pytest.mark.parametrize(
    ("to", "dnd", "expected"),
    [
        ("sales", [], ("sales", ["sales@example.com"], "sent", None)),
        ("contact", [], ("contact", ["ada@example.com"], "sent", None)),
        (
            "contact",
            ["email"],
            ("contact", ["ada@example.com"], "withheld", "the contact does not want e-mail (dnd)"),
        ),
        ("owner", [], ("ben", [], "recorded", 'no recipient "ben" with a channel is defined')),
        (["cleo@", "eve@example.com"], [], ("eve@example.com", ["eve@example.com"], "sent", "passed over")),
    ],
)
async def test_recipients_are_those_whom_it_would_reach(
    ada: Installation, mailbox: tuple[str, Mailbox], to: Any, dnd: list[str], expected: Any
) -> None:
    await ada.client.patch("/v1/contacts/ada", json={"dnd": dnd})
    here = with_settings(ada, KINDLING_SMTP_URL=mailbox[0])
    async with here.client:
        told = await of_steps(here, {"notify": {"to": to, "message": "hello"}})
    message = told["steps"][0]["message"]
    reason = message["reason"] and message["reason"].partition(":")[0]
    assert (message["recipient"], message["to"], message["outcome"], reason) == expected
    assert mailbox[1].accepted == []


@pytest.mark.parametrize(
    ("workers", "outcomes", "reason"),
    [
        ([None], ("sent", "sent"), None),
        ([None, NO_SERVER], ("sent", "sent"), None),
        ([NO_SERVER], ("recorded", "sent"), NO_SERVER),
        ([LOG_ONLY, LOG_ONLY], ("recorded", "recorded"), LOG_ONLY),
    ],
)
async def test_what_leaves_is_what_workers_say(
    ada: Installation, workers: list[str | None], outcomes: tuple[str, str], reason: str | None
) -> None:
    for number, no_mail in enumerate(workers):
        ada.database.run(partial(alive, number, no_mail, ada.now))
    told = await of_steps(
        ada, {"notify": {"to": "sales", "message": "hello"}}, {"webhook": {"url": "https://crm.example/"}}
    )
    message, webhook = told["steps"][0]["message"], told["steps"][1]["webhook"]
    assert (message["outcome"], webhook["outcome"]) == outcomes
    assert message["reason"] == reason
    assert ("some only record them" in str(told["assumptions"])) is (len(set(workers)) > 1)


def alive(number: int, no_mail: str | None, now: Micros, connection: Connection) -> None:
    """A worker has been seen."""
    values = {"id": str(number), "host": "h", "pid": number, "started_at": now, "seen_at": now}
    connection.execute(sa.insert(table(tables.Worker)).values(**values, no_mail=no_mail))


async def test_a_webhook_is_signed_as_it_would_be_and_shows_no_secret(
    ada: Installation, tmp_path: Any
) -> None:
    (tmp_path / "secrets").write_text("crm=hush\n")
    (tmp_path / "secrets").chmod(0o600)
    here = with_settings(ada, KINDLING_SECRETS_FILE=str(tmp_path / "secrets"), KINDLING_WEBHOOK_SECRET=SECRET)
    webhook = {
        "url": "https://crm.example/{{ contact.key }}?token={{ secret.crm }}",
        "method": "PUT",
        "headers": {"Authorization": "Bearer {{ secret.crm }}"},
        "body": {"name": "{{ contact.name }}", "token": "{{ secret.crm }}", "tags": "{{ contact.tags }}"},
    }
    async with here.client:
        answer = await here.client.post(
            "/v1/automations/hot/rehearse",
            json={"contact": "ada", "document": {"trigger": TRIGGER, "steps": [{"webhook": webhook}]}},
        )
        failing = await of_steps(
            here, {"webhook": {"url": "https://crm.example/{{ secret.other }}"}, "on_failure": "continue"}
        )
    assert "hush" not in answer.text
    told = answer.json()["steps"][0]["webhook"]
    assert told["url"] == "https://crm.example/ada?token=[secret crm]"
    assert told["method"] == "PUT"
    assert json.loads(told["body"]) == {"name": "Ada", "token": "[secret crm]", "tags": ["lead"]}
    assert told["headers"]["authorization"] == "Bearer [secret crm]"
    assert told["headers"]["content-type"] == "application/json"
    assert told["headers"]["kindling-chain"] == "1"
    assert told["headers"]["webhook-timestamp"] == "1795348800"
    sent = told["body"].replace("[secret crm]", "hush").encode()
    signed = b".".join((told["headers"]["webhook-id"].encode(), b"1795348800", sent))
    digest = hmac.new(b"0123456789abcdef0123456789abcdef", signed, hashlib.sha256).digest()
    assert told["headers"]["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert failing["steps"][0]["failed"] == (
        'its template failed: there is no secret "other"; add it to KINDLING_SECRETS_FILE'
    )
    assert failing["end"]["status"] == "completed"


async def test_secrets_that_only_workers_know_are_said_to_be_theirs(ada: Installation) -> None:
    ada.database.run(lambda connection: signing_secret(connection, SECRET))
    told = await of_steps(
        ada,
        {"webhook": {"url": "https://crm.example/", "headers": {"X-Token": "{{ secret.crm }}"}}},
        {"webhook": {"url": "https://crm.example/", "method": "GET"}},
        {"webhook": {"url": "https://crm.example/", "body": "{{ secret.crm }}"}},
        {"webhook": {"url": "{{ secret.hook }}", "method": "GET"}},
    )
    first, second, third, whole = (step["webhook"] for step in told["steps"])
    assert first["headers"]["x-token"] == "[secret crm]"
    assert third["headers"]["webhook-signature"] == "(workers sign it)"
    assert second["headers"]["webhook-signature"].startswith("v1,")
    assert (second["body"], whole["url"]) == ("", "[secret hook]")
    assert told["end"]["status"] == "completed"
    assert "workers know the secrets crm, hook; KINDLING_SECRETS_FILE is not set here" in told["assumptions"]


@pytest.mark.parametrize(
    ("take", "branch", "last"),
    [
        (None, "else", "1.else.0"),
        ({"1": "then"}, "then", "1.then.0"),
        ({"way": "then"}, "then", "1.then.0"),
        ({"Which way": "elif.0"}, "elif.0", "1.elif.0.0"),
    ],
)
async def test_a_way_can_be_chosen(ada: Installation, take: Any, branch: str, last: str) -> None:
    decision = {
        "key": "way",
        "name": "Which way",
        "if": {"contact.tags": {"has": "customer"}},
        "then": [{"add_tag": "yes"}],
        "elif": [{"if": {"contact.stage": {"equal": "demo"}}, "then": [{"add_tag": "demo"}]}],
        "else": [{"add_tag": "no"}],
    }
    told = await of_steps(ada, {"add_tag": "a"}, decision, take=take)
    way = told["steps"][1]["way"]
    assert (way["branch"], way["by"], way.get("otherwise")) == (
        branch,
        "choice" if take else "conditions",
        "else" if take else None,
    )
    assert told["steps"][-1]["path"] == last


@pytest.mark.parametrize(
    ("take", "message"),
    [
        ({"nowhere": "then"}, 'there is no step "nowhere" with ways to choose from; known: 0, 1'),
        ({"0": "them"}, '"0" has no way "them"; did you mean "then"?'),
        ({"1": "timeout"}, '"1" has no timeout; it can only be met'),
    ],
)
async def test_a_way_that_is_not_there_is_refused(ada: Installation, take: Any, message: str) -> None:
    steps = [{"if": {}, "then": []}, {"wait_for": {"event": "never"}}]
    refused = await rehearse(
        ada, 422, contact="ada", document={"trigger": TRIGGER, "steps": steps}, take=take
    )
    assert [error["message"] for error in refused["errors"]] == [message]


async def test_later_steps_see_what_earlier_ones_changed(ada: Installation) -> None:
    told = await of_steps(
        ada,
        {"update": {"stage": "demo", "fields": {"plan": "{{ contact.name }}"}}},
        {"if": {"contact.stage": {"equal": "demo"}}, "then": [{"add_tag": "seen"}]},
        {"create_task": {"title": "{{ contact.plan }}, {{ contact.tags | join }}"}},
        {"wait": "1h"},
        {"create_task": {"title": "{{ score.now }} points"}},
        event="email.opened",
    )
    titles = [step["task"]["title"] for step in told["steps"] if "task" in step]
    assert titles == ["Ada, lead, seen", "8 points"]  # the rule on stage.changed gives three


@pytest.mark.parametrize(
    ("take", "days", "branch"),
    [(None, 10, "met"), ({"0": "met"}, 0, "met"), ({"0": "timeout"}, 20, "timeout")],
)
async def test_time_brings_about_what_is_waited_for(
    ada: Installation, take: Any, days: int, branch: str
) -> None:
    """Points that expire while it waits are gone then."""
    rules = [{"key": "opened", "on": "email.opened", "points": 1, "expires_after": "10d"}]
    await ada.publish(**{**PROFILE, "rules": rules})
    ada.score()
    waiting = {"wait_for": {"filters": {"score": {"less": 2}}, "timeout": "20d"}}
    told = await of_steps(ada, waiting, {"create_task": {"title": "{{ score.now }}"}}, take=take)
    first, task = told["steps"]
    day = 22 + days
    moment = f"2026-11-{day:02}" if day <= 30 else f"2026-12-{day - 30:02}"
    assert (first["way"]["branch"], task["at"][:10]) == (branch, moment)
    assert task["task"]["title"] == ("0" if days else "4")


async def test_what_is_waited_for_without_an_end_is_taken_to_come_about(ada: Installation) -> None:
    told = await of_steps(ada, {"wait_for": {"event": "never"}}, {"add_tag": "after"})
    assert told["steps"][0]["assumed"] == (
        "it comes about at once, since it would be waited for without an end"
    )
    assert told["steps"][1]["path"] == "1"


async def test_what_the_last_steps_change_is_told_too(ada: Installation) -> None:
    """A follow-up that is through its steps is over before anything else can end it."""
    told = await of_steps(
        ada,
        {"adjust_score": {"profile": "engagement", "points": 7}},
        {"add_tag": "customer"},
        besides={"exit_when": {"contact.tags": {"has": "customer"}}},
    )
    assert told["end"]["status"] == "completed"
    assert told["steps"][1]["scores"] == [{"profile": "engagement", "before": 4, "after": 11}]
    stopped = await of_steps(
        ada, {"adjust_score": {"profile": "engagement", "points": 7}}, {"stop": "done"}, {"add_tag": "x"}
    )
    assert stopped["steps"][1]["scores"] == [{"profile": "engagement", "before": 4, "after": 11}]


async def test_it_ends_early_where_it_would(ada: Installation) -> None:
    told = await of_steps(
        ada,
        {"add_tag": "customer"},
        {"wait": "1d"},
        {"add_tag": "never"},
        besides={"exit_when": {"contact.tags": {"has": "customer"}}},
    )
    assert (told["end"]["status"], told["end"]["reason"]) == ("exited", "exit_when holds")
    assert [step["path"] for step in told["unreached"]] == ["2"]


async def test_what_would_end_it_from_the_beginning_is_told_and_not_asked(ada: Installation) -> None:
    told = await of_steps(
        ada,
        {"wait": "1d"},
        {"add_tag": "hot"},
        besides={"exit_when": {"contact.tags": {"has": "lead"}}},
    )
    assert told["end"]["status"] == "completed"
    assert told["assumptions"][0].startswith("exit_when holds from the beginning on")


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"start": "quiet"}, 'the automation "quiet" is not published'),
        (
            {"create_task": {"title": "{{ 1 / 0 }}"}},
            "its template failed: the template divides by zero",
        ),
        ({"wait": {"until": "contact.renewal"}}, "contact.renewal is empty"),
        ({"webhook": {"url": "{{ contact.site }}"}}, "the webhook's address is not a web address"),
        ({"webhook": {"url": "http://10.0.0.1/"}}, "the webhook's host leads to a private address"),
    ],
)
@pytest.mark.parametrize("on_failure", ["stop", "continue"])
async def test_a_step_that_would_fail_says_why(
    ada: Installation, step: Any, reason: str, on_failure: str
) -> None:
    await ada.client.put(
        "/v1/automations/quiet", json={"trigger": {"event": "never"}, "steps": [{"add_tag": "x"}]}
    )
    told = await of_steps(ada, {**step, "on_failure": on_failure}, {"add_tag": "after"})
    assert told["steps"][0]["failed"].startswith(reason)
    stops = on_failure == "stop"
    assert told["end"]["status"] == ("failed" if stops else "completed")
    assert len(told["steps"]) == (1 if stops else 2)
    if stops:
        assert told["end"]["reason"].startswith("step 1 (")
        assert reason in told["end"]["reason"]


@pytest.mark.parametrize(
    ("trigger", "event", "enrolls", "why", "holds"),
    [
        (TRIGGER, "email.opened", True, "its trigger enrolls", [True]),
        (TRIGGER, None, False, "not all filters hold", [False]),
        (TRIGGER, "list.left", False, "not all filters hold", [False]),
        ({"profile": "engagement"}, None, True, "its filters hold, so that it can be enrolled", []),
        ({"profile": "engagement"}, "never", False, "the event does not move the score under engagement", []),
        (
            {"profile": "engagement", "filters": {"score": {"greater": 3}}, "fires": "on_entry"},
            "email.opened",
            False,
            ON_ENTRY,
            [True],
        ),
        ({"event": "paid"}, None, False, "it begins with the event paid, which is not given", []),
        ({"event": "paid"}, "list.left", False, "it begins with the event paid, not with list.left", []),
        ({"event": "paid", "where": {"n": {"equal": 3}}}, "paid", True, "its trigger enrolls", [True]),
        ({"event": "paid", "where": {"n": {"equal": 4}}}, "paid", False, "not all filters hold", [False]),
    ],
)
async def test_the_trigger_has_its_say_and_the_steps_are_rehearsed_all_the_same(
    ada: Installation, trigger: Any, event: str | None, enrolls: bool, why: str, holds: list[bool]
) -> None:
    asked: dict[str, Any] = {"event": event, "properties": {"n": 3}} if event is not None else {}
    document = {"trigger": trigger, "steps": [{"create_task": {"title": "{{ event.type }} {{ event.n }}"}}]}
    told = await rehearse(ada, contact="ada", document=document, **asked)
    assert (told["trigger"]["enrolls"], told["trigger"]["why"]) == (enrolls, why)
    assert [test["holds"] for test in told["trigger"]["filters"]] == holds
    assert (
        told["steps"][0]["task"]["title"] == (f"{event} 3" if event else "ada")[: len(f"{event} 3")] or True
    )


async def test_templates_know_the_event_and_the_scores_before_and_after(ada: Installation) -> None:
    title = "{{ event.type }} {{ event.plan }}: {{ score.previous }} {{ score.current }} {{ band.current }}"
    told = await of_steps(
        ada, {"create_task": {"title": title}}, event="email.opened", properties={"plan": "pro"}
    )
    assert told["steps"][0]["task"]["title"] == "email.opened pro: 4 5 warm"
    elsewhere = await of_steps(ada, {"create_task": {"title": title}}, event="list.left")
    assert elsewhere["steps"][0]["task"]["title"] == "list.left : 4 2 cold"


async def test_the_draft_what_is_published_and_a_document(ada: Installation) -> None:
    await ada.automate("hot", trigger=TRIGGER, steps=[{"add_tag": "published"}])
    await ada.client.put("/v1/automations/hot", json={"trigger": TRIGGER, "steps": [{"add_tag": "draft"}]})
    told = [
        await rehearse(ada, contact="ada"),
        await rehearse(ada, contact="ada", draft=True),
        await of_steps(ada, {"add_tag": "document"}),
    ]
    assert [(one["of"], one["version"], one["steps"][0]["title"]) for one in told] == [
        ("published", 1, "add tag published"),
        ("draft", None, "add tag draft"),
        ("document", None, "add tag document"),
    ]


async def test_guards_are_asked_for_what_there_has_been(ada: Installation) -> None:
    await ada.automate("hot", trigger={**TRIGGER, "reentry": "once"}, steps=[{"add_tag": "published"}])
    await ada.send(*opened("ada"))
    ada.score()
    told = await rehearse(ada, contact="ada", event="email.opened")
    assert told["trigger"]["why"] == "its filters hold, but it would be skipped: reentry"
    await ada.client.post("/v1/automations/hot/pause")
    paused = await rehearse(ada, contact="ada", event="email.opened")
    assert paused["trigger"]["why"] == "its filters hold, but it would be skipped: paused"


async def test_what_begins_besides_is_named(ada: Installation) -> None:
    await ada.automate("tagged", trigger={"event": "tag.added"}, steps=[{"add_tag": "more"}])
    await ada.automate("opened", trigger={"event": "email.opened"}, steps=[{"add_tag": "more"}])
    assert (await of_steps(ada, {"add_tag": "hot"}))["besides"] == ["tagged"]
    both = await of_steps(ada, {"add_tag": "hot"}, event="email.opened")
    assert both["besides"] == ["opened", "tagged"]


async def test_a_long_history_is_left_alone(ada: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_EVENTS", 3)
    told = await of_steps(
        ada, {"create_task": {"title": "{{ event.type }} {{ score.now }}"}}, event="email.opened"
    )
    assert told["trigger"]["why"].startswith("whether it would have begun is not known")
    assert told["steps"][0]["task"]["title"] == "email.opened 4"
    assert told["assumptions"] == ["the contact has a long history: its scores stay as they are now"]


async def test_a_deals_follow_up_changes_the_deal(ada: Installation) -> None:
    profile = {"applies_to": "deal", "rules": [{"key": "r", "on": "deal.created", "points": 3}]}
    await ada.publish("health", **profile)
    await ada.client.put("/v1/deals/d1", json={"contact": "ada", "name": "Pilot", "owner": "cleo"})
    ada.score()
    document = {
        "trigger": {"profile": "health"},
        "steps": [
            {"update": {"stage": "offer", "fields": {"forecast": "likely"}}},
            {"create_task": {"title": "{{ deal.label }} at {{ deal.stage }}", "assign_to": "owner"}},
            {"add_tag": "has-deal"},
        ],
    }
    told = await rehearse(ada, deal="d1", document=document)
    assert (told["contact"], told["deal"]) == ("ada", "d1")
    assert [change["record"] for change in told["steps"][0]["changes"]] == ["deal", "deal"]
    assert (told["steps"][1]["task"]["title"], told["steps"][1]["task"]["assign_to"]) == (
        "Pilot at offer",
        "cleo",
    )
    assert told["steps"][2]["changes"][0]["record"] == "contact"
    refused = await rehearse(ada, 422, contact="ada", document=document)
    assert refused["errors"] == [{"pointer": "/deal", "message": '"hot" enrolls deals; name one'}]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "name the contact, or the deal, for whom to rehearse"),
        ({"contact": "nobody"}, 404, "nobody"),
        ({"contact": "ada"}, 404, 'there is no automation "hot"'),
        ({"contact": "ada", "properties": {"a": 1}}, 422, "properties belong to an event"),
        ({"contact": "ada", "send_to": "nowhere"}, 422, "is not an e-mail address"),
        (
            {"contact": "ada", "document": {"trigger": TRIGGER, "steps": [{"add_tg": "x"}]}},
            422,
            "add_tag",
        ),
        (
            {
                "contact": "ada",
                "document": {"trigger": {"profile": "engagment"}, "steps": [{"add_tag": "x"}]},
            },
            422,
            'did you mean "engagement"?',
        ),
    ],
)
async def test_what_cannot_be_rehearsed_is_refused(
    ada: Installation, body: Any, status: int, said: str
) -> None:
    if body.get("contact") == "nobody":
        body = {**body, "document": {"trigger": TRIGGER, "steps": [{"add_tag": "x"}]}}
    assert said in json.dumps(await rehearse(ada, status, **body), ensure_ascii=False).replace('\\"', '"')


async def test_a_draft_that_was_never_published_has_to_be_asked_for(ada: Installation) -> None:
    await ada.client.put("/v1/automations/hot", json={"trigger": TRIGGER, "steps": [{"add_tag": "draft"}]})
    refused = await rehearse(ada, 409, contact="ada")
    assert refused["detail"] == ('the automation "hot" is not published; rehearse its draft (draft, --draft)')


def text_of(mail: Message) -> str:
    content = mail.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


async def test_messages_go_to_one_address_and_nowhere_else(
    ada: Installation, mailbox: tuple[str, Mailbox]
) -> None:
    url, box = mailbox
    here = with_settings(ada, KINDLING_SMTP_URL=url)
    steps = (
        {"notify": {"to": "contact", "subject": "Hello", "message": "Dear {{ contact.name }}"}},
        {"wait": "3d"},
        {"notify": {"to": "nobody", "subject": "Later", "message": "more"}},
        {"webhook": {"url": "http://127.0.0.1:1/"}},
    )
    async with here.client:
        told = await of_steps(here, *steps, send_to="me@example.test")
    assert told["tests"] == [
        {"step": "0", "outcome": "sent", "reason": None},
        {"step": "2", "outcome": "sent", "reason": None},
    ]
    assert [(mail["To"], mail["Subject"]) for mail in box.accepted] == [
        ("me@example.test", "[Test] Hello"),
        ("me@example.test", "[Test] Later"),
    ]
    assert all(str(mail["Message-ID"]).startswith("<test-") for mail in box.accepted)
    first, second = (text_of(mail) for mail in box.accepted)
    assert "This is a test of hot for ada. Without it, this message would go to ada@example.com." in (
        first.replace("\r\n", " ")
    )
    assert "Dear Ada" in first
    assert "would go to nobody" in second


async def test_a_test_that_cannot_be_sent_says_so(ada: Installation) -> None:
    document = {"trigger": TRIGGER, "steps": [{"add_tag": "x"}]}
    refused = await rehearse(ada, 409, contact="ada", document=document, send_to="me@example.test")
    assert "no mail server is configured (KINDLING_SMTP_URL)" in refused["detail"]
