"""Bulk jobs while processes are killed: everybody gets it, and nobody twice."""

import asyncio
from typing import Any

import pytest

from runtime.embedded import Stack
from tests.crash.installation import Client, Look, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(300)]

CONTACTS = 6_000
KILLED = ("worker", "api", "worker", "temporal", "worker")


async def people(client: Client, look: Look) -> None:
    """So many contacts, each with a task, under a profile whose rules read what bulk jobs do."""
    rules = [{"key": "tagged", "on": "tag.added", "where": {"tag": {"equal": "fair"}}, "points": 2}]
    await client.call("PUT", "/v1/profiles/engagement", {"rules": rules})
    await client.call("POST", "/v1/profiles/engagement/publish")
    for start in range(0, CONTACTS, 1_000):
        body = [{"key": f"c{number:04}"} for number in range(start, start + 1_000)]
        await client.call("POST", "/v1/contacts", body)
    await eventually(look.idle, 60)


async def killed_over(client: Client, stack: Stack, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it is over; processes are killed while it runs."""
    kills = list(KILLED)
    async with asyncio.timeout(180):
        while (now := await client.call("GET", f"/v1/bulk/{job['id']}"))["status"] == "running":
            due = CONTACTS * (len(KILLED) - len(kills) + 1) // (len(KILLED) + 1)
            if kills and now["done"] >= due:
                stack.kill(kills.pop(0))
                await stack.ready()
    assert len(kills) < len(KILLED), "it was over before anything was killed"
    return dict(now)


async def test_jobs_whose_processes_are_killed_do_everything_once(
    stack: Stack, client: Client, look: Look
) -> None:
    await people(client, look)
    job = await client.call("POST", "/v1/bulk", {"action": "tag", "tag": "fair", "contacts": {}})
    done = await killed_over(client, stack, job)
    assert (done["status"], done["changed"], done["unchanged"]) == ("done", CONTACTS, 0)
    adjust = {"action": "adjust", "profile": "engagement", "points": 5, "reason": "fair"}
    job = await client.call("POST", "/v1/bulk", {**adjust, "contacts": {"filter": {"tag": "fair"}}})
    done = await killed_over(client, stack, job)
    assert (done["status"], done["changed"], done["unchanged"]) == ("done", CONTACTS, 0)
    await eventually(look.idle, 60)
    assert look.one("SELECT count(*) FROM events WHERE type = 'tag.added'") == CONTACTS
    assert look.one("SELECT count(*) FROM adjustments") == CONTACTS
    await eventually(lambda: set(look.scores().values()) == {7}, 30)
    assert look.one("SELECT count(*) FROM bulk_slices") == 0
