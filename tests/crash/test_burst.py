"""Many follow-ups at once, and everything is killed, or Temporal's data is gone: nothing is lost, nothing is twice.

`KINDLING_CRASH_BURST=20000 pytest -s tests/crash/test_burst.py` has so many, and prints what happened.
"""

import os
import shutil
import time
from functools import partial
from typing import Any

import pytest

from runtime.embedded import Stack
from runtime.settings import Settings
from tests.crash.installation import Client, Look, eventually, prepare

SIZE = int(os.environ.get("KINDLING_CRASH_BURST", "600"))
PATIENCE = 120 + SIZE // 20
pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(3 * PATIENCE)]
BATCH = 1_000
#: Everything is killed when so much of the burst is done.
KILLED_AT = (0.1, 0.4, 0.7)
NO_LIMIT = {"times": 1_000_000, "per": "minute"}
NOTIFY: dict[str, Any] = {"notify": {"to": "sales", "message": "{{ contact.key }}"}}
TASK: dict[str, Any] = {"create_task": {"title": "Call {{ contact.key }}"}}
TAG: dict[str, Any] = {"add_tag": "hot"}


async def define(client: Client, *steps: dict[str, Any]) -> None:
    await client.call(
        "PUT",
        "/v1/automations/burst",
        {"trigger": {"event": "go", "max_starts": NO_LIMIT}, "steps": list(steps)},
    )
    await client.call("POST", "/v1/automations/burst/publish")


async def send(client: Client, kind: str) -> None:
    """An event for each contact, with an id: what is sent again counts once."""
    events = [{"id": f"{kind}-{number}", "type": kind, "contact": f"c{number}"} for number in range(SIZE)]
    for start in range(0, SIZE, BATCH):
        await client.call("POST", "/v1/events", events[start : start + BATCH])


def completed(look: Look) -> int:
    return int(look.one("SELECT count(*) FROM enrollments WHERE status = 'completed'"))


def are_completed(look: Look, count: float) -> bool:
    return completed(look) >= count


async def test_everything_is_killed_again_and_again_during_a_burst(
    stack: Stack, client: Client, look: Look
) -> None:
    await define(client, NOTIFY, TASK, TAG)
    began = time.monotonic()
    await send(client, "go")
    for share in KILLED_AT:
        await eventually(partial(are_completed, look, share * SIZE), PATIENCE)
        for name in ("worker", "api", "temporal"):
            stack.kill(name)
        await stack.ready()
    await eventually(lambda: completed(look) == SIZE, PATIENCE)
    seconds = time.monotonic() - began
    await eventually(lambda: look.one("SELECT count(*) FROM events WHERE status = 0") == 0, PATIENCE)
    counts = {
        "enrollments": look.one("SELECT count(*) FROM enrollments"),
        "contacts": look.one("SELECT count(DISTINCT contact_id) FROM enrollments"),
        "tasks": look.one("SELECT count(*) FROM tasks"),
        "notifications": look.one("SELECT count(*) FROM notifications"),
        "tags": look.one("SELECT count(*) FROM events WHERE type = 'tag.added'"),
        "task events": look.one("SELECT count(*) FROM events WHERE type = 'task.created'"),
    }
    workflows = look.one("SELECT count(DISTINCT workflow_id) FROM enrollments")
    print(
        f"{SIZE} follow-ups in {workflows} workflows, {sum(stack.restarts.values())} kills, {seconds:.1f} s: {counts}"
    )
    assert counts == dict.fromkeys(counts, SIZE)
    assert look.one("SELECT count(*) FROM outcomes") == 3 * SIZE
    assert workflows < SIZE


async def test_temporals_data_is_deleted_while_many_wait(
    settings: Settings, client: Client, look: Look
) -> None:
    waits: dict[str, Any] = {
        "wait_for": {"event": "paid", "timeout": "30d", "on_timeout": [{"stop": "late"}]}
    }
    async with Stack(settings, prepare):
        await define(client, TASK, waits, TAG)
        await send(client, "go")
        waiting = "SELECT count(*) FROM enrollments WHERE status = 'running' AND step = '1'"
        await eventually(lambda: look.one(waiting) == SIZE, PATIENCE)
    shutil.rmtree(settings.home / "temporal")
    async with Stack(settings, prepare):
        began = time.monotonic()
        await eventually(
            lambda: look.one(f"{waiting} AND attempt = 2 AND workflow_id IS NOT NULL") == SIZE, PATIENCE
        )
        again = time.monotonic() - began
        await send(client, "paid")
        await eventually(lambda: completed(look) == SIZE, PATIENCE)
    workflows = look.one("SELECT count(DISTINCT workflow_id) FROM enrollments")
    print(f"{SIZE} waited; all do again after {again:.1f} s, in {workflows} workflows; all are completed")
    assert look.rows("SELECT DISTINCT attempt FROM enrollments") == [(2,)]
    assert look.one("SELECT count(*) FROM tasks") == SIZE
    assert look.one("SELECT count(*) FROM events WHERE type = 'tag.added'") == SIZE
    assert look.one("SELECT count(*) FROM outcomes") == 3 * SIZE
