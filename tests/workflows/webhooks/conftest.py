"""Follow-ups that call a real HTTP server on this machine."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from runtime.settings import Settings
from services.resources import Resources
from tests.workflows.conftest import Town, town_of
from tests.workflows.webhook_server import Hooks, webhook_server

HOT = {"profile": "p", "filters": {"score": {"greater_or_equal": 5}}, "fires": "on_entry"}
SECRET = "s3cr3t-never-to-be-seen"
ODD = 'p"a\\ss & w/o %41?'


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hooks]:
    secrets = tmp_path / "secrets"
    secrets.write_text(f"# for the CRM\ncrm={SECRET}\nodd={ODD}\n")
    monkeypatch.setenv("KINDLING_SECRETS_FILE", str(secrets))
    monkeypatch.setenv("KINDLING_WEBHOOK_ALLOW", "127.0.0.1")
    with webhook_server() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def town(
    hooks: Hooks, temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str
) -> AsyncIterator[Town]:
    async with town_of(temporal, settings, sqlite_url) as opened:
        yield opened


@pytest.fixture
def resources(town: Town, settings: Settings) -> Resources:
    return Resources(settings, town.world.database, lambda: town.world.now, town.wakes, 4)


def begin(town: Town, *steps: dict[str, Any], **contact: Any) -> None:
    """Ada crosses the threshold."""
    town.world.publish({"on": "e", "points": 7})
    town.world.automate(HOT, "hot", steps=list(steps))
    town.world.send("hello")
    town.world.change(name="Ada Lovelace", **contact)
    town.world.send()
    town.wake()


def step(hooks: Hooks, **webhook: Any) -> dict[str, Any]:
    return {"key": "crm", "webhook": {"url": f"{hooks.url}/in", **webhook}}


async def done(town: Town, status: str = "completed") -> None:
    await town.until(lambda: town.status() == [status])
