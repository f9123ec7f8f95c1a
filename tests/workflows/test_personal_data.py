"""Nothing personal reaches Temporal: inputs, results, errors, summaries, details, memos and search attributes."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from conditions.times import DAY, to_iso
from runtime.registry import shard_workflow_id
from runtime.settings import Settings
from tests.workflows.conftest import Town, town_of
from tests.workflows.mail_server import Mailbox, mail_server
from tests.workflows.webhook_server import Hooks, webhook_server

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]

KEY = "ada.lovelace@example.org"
PERSONAL: dict[str, Any] = {
    "name": "Ada Lovelace",
    "email": KEY,
    "phone": "+49 30 901820",
    "stage": "secretstage",
    "owner": "charles.babbage@example.org",
    "tags": ["analyticalengine"],
}
FIELDS = {"city": "Marylebone", "diagnosis": "curiosity"}
EVENT: dict[str, Any] = {"amount": "4711.08", "note": "byronsdaughter"}
ANSWER = {"id": "crm-number-1815", "comment": "ockhampark"}
#: What must not be found anywhere, in whatever case.
TRACES = (
    *("lovelace", "901820", "secretstage", "babbage", "analyticalengine", "marylebone", "curiosity"),
    *("4711.08", "byronsdaughter", "crm-number-1815", "ockhampark", "poem"),
)


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with webhook_server() as server:
        yield server


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with mail_server() as (url, box):
        monkeypatch.setenv("KINDLING_SMTP_URL", url)
        yield box


@pytest_asyncio.fixture(loop_scope="session")
async def town(
    hooks: Hooks, mailbox: Mailbox, temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str
) -> AsyncIterator[Town]:
    allowed = settings.model_copy(update={"webhook_allow": "127.0.0.1"})
    async with town_of(temporal, allowed, sqlite_url) as opened:
        yield opened


def steps(hooks: Hooks) -> list[dict[str, Any]]:
    """Every kind of step, with what is personal in each template, and those that fail with it."""
    who = "{{ contact.name }} {{ contact.email }} {{ contact.city }} {{ event.note }}"
    return [
        {"notify": {"to": "contact", "subject": who, "message": who}},
        {"notify": {"to": "owner", "message": "a poem for {{ contact.label }}"}, "on_failure": "continue"},
        {"create_task": {"title": who, "description": who, "assign_to": "owner"}},
        {"add_tag": "hot"},
        {"remove_tag": "hot"},
        {"update": {"fields": {"copy": who}}},
        {"adjust_score": {"profile": "p", "points": 1, "reason": who}},
        {"key": "crm", "webhook": {"url": hooks.url + "/?who={{ contact.email }}", "body": {"who": who}}},
        {"webhook": {"url": hooks.url + "/{{ contact.key }}"}, "on_failure": "continue"},
        {"update": {"fields": {"n": "{{ contact.name * 3 }}"}}, "on_failure": "continue"},
        {
            "if": {
                "contact.name": {"starts_with": "Ada"},
                "steps.crm.body.id": {"not_empty": True},
            },
            "then": [{"split": [{"percent": 100, "steps": [{"start": "other"}]}]}],
        },
        {"wait": "1s"},
        {"wait": {"until": "contact.yesterday"}},
        {"wait": {"until": "contact.city"}, "on_failure": "continue"},
        {"wait_for": {"filters": {"contact.email": {"equal": KEY}}}},
        {"stop": "done"},
    ]


async def test_no_trace_of_a_contact_is_in_temporal(town: Town, hooks: Hooks, mailbox: Mailbox) -> None:
    world = town.world
    world.publish({"on": "e", "points": 7})
    world.automate({"event": "never"}, "other", steps=[{"add_tag": "other"}])
    world.automate(
        {
            "profile": "p",
            "filters": {"contact.name": {"not_empty": True}, "event.note": {"not_empty": True}},
        },
        "hot",
        steps=steps(hooks),
    )
    hooks.answer(200, ANSWER)
    hooks.answer(400, {"error": "lovelace is unknown"})
    mailbox.answers.append("451 lovelace greylisted")
    world.send("hello", KEY)
    world.change(KEY, **PERSONAL, fields={**FIELDS, "yesterday": to_iso(world.now - DAY)})
    world.send("e", KEY, **EVENT)
    town.wake()
    await town.enrolled(2)
    await town.until(lambda: sorted(town.status()) == ["completed", "completed"])
    assert len(hooks.received) == 2
    assert world.query("SELECT count(*) FROM outcomes WHERE result LIKE '%failed%'") == [(3,)]
    [shard] = {row[0] for row in world.query("SELECT shard FROM contacts")}
    workflows = [*(town.follow_up(enrollment).id for enrollment in town.ids()), shard_workflow_id(shard)]
    for workflow_id in workflows:
        handle = town.client.get_workflow_handle(workflow_id)
        description = await handle.describe()
        text = "\n".join(
            (
                workflow_id,
                decoded(await handle.fetch_history()),
                description.raw_description.SerializeToString().decode("utf-8", errors="replace"),
                str(await handle.query("__temporal_workflow_metadata")),
            )
        ).lower()
        assert [text[max(0, at - 200) : at + 80] for trace in TRACES if (at := text.find(trace)) >= 0] == []


def decoded(history: WorkflowHistory) -> str:
    """Every payload, summary and failure of a history as text."""
    return "\n".join(event.SerializeToString().decode("utf-8", errors="replace") for event in history.events)
