"""Real processes, killed at random moments: nothing is lost and nothing is done twice."""

import asyncio
import random
import shutil
from typing import Any

import pytest

from runtime.embedded import Stack
from runtime.registry import FOLLOW_UP_WORKFLOW, shard_workflow_id
from runtime.settings import Settings
from runtime.temporal import connect
from tests.crash.installation import AUTOMATION, Client, Look, eventually, prepare

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(300)]

EVENTS = 20_000
CONTACTS = 400
KILLS = 9
BATCH = 200
PROCESSES = ("worker", "api", "temporal")


def history(seed: int) -> list[dict[str, Any]]:
    """Events of real size, each with its id."""
    chance = random.Random(seed)
    return [
        {
            "id": f"event-{number}",
            "contact": f"contact-{chance.randrange(CONTACTS)}",
            "type": chance.choice(["page.visited", "page.visited", "payment.succeeded", "nothing.much"]),
            "properties": {"amount": chance.randrange(100)},
        }
        for number in range(EVENTS)
    ]


def expected(events: list[dict[str, Any]]) -> dict[str, int]:
    """Points by contact: of the events, and of the one follow-up of those who reach 30."""
    points: dict[str, int] = {}
    for event in events:
        if event["type"] == "page.visited":
            points[event["contact"]] = points.get(event["contact"], 0) + 1
        elif event["type"] == "payment.succeeded" and event["properties"]["amount"] > 50:
            points[event["contact"]] = points.get(event["contact"], 0) + 5
    return {contact: value + 5 if value >= 30 else value for contact, value in points.items()}


def check_once_each(look: Look, hot: int) -> None:
    """One enrollment for each hot contact, and each effect of each step once."""
    assert look.one("SELECT count(*) FROM enrollments") == hot
    assert look.one("SELECT count(DISTINCT contact_id) FROM enrollments") == hot
    assert look.rows("SELECT DISTINCT status FROM enrollments") == [("completed",)]
    for effect in ("tasks", "notifications", "adjustments"):
        assert look.one(f"SELECT count(*) FROM {effect}") == hot, effect
    assert look.one("SELECT count(*) FROM events WHERE type = 'tag.added'") == hot
    assert look.one("SELECT count(*) FROM outcomes") == 5 * hot
    assert look.one("SELECT count(*) FROM events WHERE status <> 1") == 0


async def test_processes_killed_during_an_import_lose_and_double_nothing(
    settings: Settings, stack: Stack, client: Client, look: Look
) -> None:
    await client.define()
    events = history(seed=7)
    chance = random.Random(11)
    sent = 0

    async def send() -> None:
        nonlocal sent
        for start in range(0, EVENTS, BATCH):
            await client.call("POST", "/v1/events", events[start : start + BATCH])
            sent = start + BATCH

    async def kill() -> None:
        for number in range(KILLS):
            threshold = EVENTS * (number + 1) // (KILLS + 1)
            while sent < threshold:
                await asyncio.sleep(0.01)
            stack.kill(
                chance.choice(["worker", "api", "temporal"])
                if number > 2
                else ("worker", "api", "temporal")[number]
            )
            await stack.ready()

    await asyncio.gather(send(), kill())
    assert sum(stack.restarts.values()) >= KILLS
    points = expected(events)
    await eventually(look.idle, 120)
    await eventually(lambda: look.scores() == points, 30)
    check_once_each(look, sum(value >= 35 for value in points.values()))


async def test_a_terminated_shard_workflow_comes_back_by_itself(
    settings: Settings, stack: Stack, client: Client, look: Look
) -> None:
    await client.define()
    await client.call("POST", "/v1/events", {"type": "page.visited", "contact": "ada"})
    await eventually(lambda: look.scores() == {"ada": 1}, 20)
    temporal = await connect(settings)
    for shard in range(settings.shards):
        handle = temporal.get_workflow_handle(shard_workflow_id(shard))
        await handle.terminate()
    await client.call("POST", "/v1/events", {"type": "page.visited", "contact": "ada"})
    await eventually(lambda: look.scores() == {"ada": 2}, 20)


async def test_a_follow_up_terminated_in_temporal_is_cancelled_and_stays_so(
    settings: Settings, stack: Stack, client: Client, look: Look
) -> None:
    await client.define()
    body = {**AUTOMATION, "steps": [{"wait": "30d"}, {"add_tag": "late"}]}
    await client.call("PUT", "/v1/automations/hot", body)
    await client.call("POST", "/v1/automations/hot/publish")
    await client.call("POST", "/v1/events", [{"type": "page.visited", "contact": "ada"}] * 30)
    await eventually(lambda: look.rows("SELECT status, step FROM enrollments") == [("running", "0")], 20)
    temporal = await connect(settings)
    async for execution in temporal.list_workflows(f"WorkflowType = '{FOLLOW_UP_WORKFLOW}'"):
        await temporal.get_workflow_handle(execution.id).terminate()
    await eventually(lambda: look.rows("SELECT status FROM enrollments") == [("cancelled",)], 60)


async def test_deleting_temporals_data_loses_no_event_and_no_follow_up(
    settings: Settings, client: Client, look: Look
) -> None:
    body = {**AUTOMATION, "steps": [{"create_task": {"title": "Call"}}, {"wait": "8s"}, {"add_tag": "late"}]}
    async with Stack(settings, prepare):
        await client.define()
        await client.call("PUT", "/v1/automations/hot", body)
        await client.call("POST", "/v1/automations/hot/publish")
        await client.call("POST", "/v1/events", [{"type": "page.visited", "contact": "ada"}] * 30)
        await eventually(lambda: look.rows("SELECT status, step FROM enrollments") == [("running", "1")], 20)
    shutil.rmtree(settings.home / "temporal")
    async with Stack(settings, prepare):
        await client.call("POST", "/v1/events", [{"type": "page.visited", "contact": "ben"}] * 30)
        await eventually(
            lambda: sorted(look.rows("SELECT status FROM enrollments")) == [("completed",), ("completed",)],
            90,
        )
    assert look.rows("SELECT attempt FROM enrollments ORDER BY id") == [(2,), (1,)]
    assert look.one("SELECT count(*) FROM tasks") == 2
    assert look.scores() == {"ada": 30, "ben": 30}


WAITS: dict[str, list[dict[str, Any]]] = {
    "for-a-time": [{"wait": "6s"}],
    "for-an-event": [{"wait_for": {"event": "paid", "timeout": "30d", "on_timeout": [{"stop": "late"}]}}],
    "in-vain": [{"wait_for": {"event": "never", "timeout": "6s", "on_timeout": [{"add_tag": "late"}]}}],
    "paused": [{"wait": "2s"}],
}


async def test_orphans_of_every_kind_of_wait_resume_and_finish(
    settings: Settings, client: Client, look: Look
) -> None:
    """Ten contacts in each of four waits when Temporal's data is deleted; none of their effects is there twice."""
    async with Stack(settings, prepare):
        await client.define()
        for key, waiting in WAITS.items():
            steps = [{"create_task": {"title": "before"}}, *waiting, {"create_task": {"title": "after"}}]
            await client.call("PUT", f"/v1/automations/{key}", {"trigger": {"event": "go"}, "steps": steps})
            await client.call("POST", f"/v1/automations/{key}/publish")
        await client.call("POST", "/v1/events", [{"type": "go", "contact": f"c{n}"} for n in range(10)])
        await eventually(
            lambda: look.rows("SELECT DISTINCT status, step FROM enrollments") == [("running", "1")], 30
        )
        await client.call("POST", "/v1/automations/paused/pause", {"running": True})
    shutil.rmtree(settings.home / "temporal")
    async with Stack(settings, prepare):
        await client.call("POST", "/v1/events", [{"type": "paid", "contact": f"c{n}"} for n in range(10)])
        await eventually(
            lambda: (
                sorted(look.rows("SELECT status, count(*) FROM enrollments GROUP BY status"))
                == [("completed", 30), ("running", 10)]
            ),
            90,
        )
        await client.call("POST", "/v1/automations/paused/resume", {"running": True})
        await eventually(lambda: look.rows("SELECT DISTINCT status FROM enrollments") == [("completed",)], 30)
    assert look.rows("SELECT DISTINCT attempt FROM enrollments") == [(2,)]
    assert sorted(look.rows("SELECT title, count(*) FROM tasks GROUP BY title")) == [
        ("after", 40),
        ("before", 40),
    ]
    assert look.rows("SELECT count(*) FROM contacts WHERE tags LIKE '%late%'") == [(10,)]
