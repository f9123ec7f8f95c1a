"""The grown installation: PostgreSQL, several workers, publishing over a history."""

import asyncio
from pathlib import Path

import pytest

from runtime.embedded import Stack
from runtime.ports import free_port
from runtime.settings import Settings, load_settings
from tests.crash.installation import PROFILE, Client, Look, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(180)]

EVENTS = 3_000
CONTACTS = 60


@pytest.fixture
def settings(tmp_path: Path, postgres_database_url: str) -> Settings:
    return load_settings(
        {
            "KINDLING_HOME": str(tmp_path / "home"),
            "KINDLING_PORT": str(free_port()),
            "KINDLING_TEMPORAL_PORT": str(free_port(above=1000)),
            "KINDLING_WORKERS": "2",
            "DATABASE_URL": postgres_database_url,
        },
        environ={},
    )


async def test_two_workers_on_postgresql_count_everything_once(
    settings: Settings, stack: Stack, client: Client, look: Look
) -> None:
    await client.define()
    events = [
        {"id": f"event-{number}", "contact": f"contact-{number % CONTACTS}", "type": "page.visited"}
        for number in range(EVENTS)
    ]
    await asyncio.gather(
        *(client.call("POST", "/v1/events", events[start : start + 300]) for start in range(0, EVENTS, 300))
    )
    stack.kill("worker-1")
    await eventually(look.idle, 90)
    assert look.scores() == {f"contact-{number}": 55 for number in range(CONTACTS)}
    assert look.one("SELECT count(*) FROM enrollments WHERE status = 'completed'") == CONTACTS
    assert look.one("SELECT count(*) FROM tasks") == CONTACTS


async def test_a_publish_rescores_everybody_and_shows_how_far_it_is(
    settings: Settings, stack: Stack, client: Client, look: Look
) -> None:
    await client.define()
    events = [
        {"contact": f"contact-{number % CONTACTS}", "type": "page.visited"} for number in range(10 * CONTACTS)
    ]
    await client.call("POST", "/v1/events", events)
    await eventually(look.idle, 60)
    rules = [{"key": "visit", "on": "page.visited", "points": 2}]
    await client.call("PUT", "/v1/profiles/engagement", {**PROFILE, "rules": rules})
    published = await client.call("POST", "/v1/profiles/engagement/publish")
    assert published["version"] == 2
    assert published["workflow_id"].startswith("publish-")
    everybody = {f"contact-{number}": 20 for number in range(CONTACTS)}
    await eventually(lambda: look.scores() == everybody, 60)

    async def publishing() -> bool:
        return (await client.call("GET", "/v1/profiles/engagement"))["publishing"] is not None

    async with asyncio.timeout(30):
        while await publishing():
            await asyncio.sleep(0.1)
    assert look.one("SELECT count(*) FROM enrollments") == 0
