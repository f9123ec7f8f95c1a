import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from runtime.embedded import Stack
from runtime.home_lock import HomeInUse
from runtime.ports import PortUnavailable
from runtime.registry import KINDLING_RECORD
from runtime.settings import Settings, load_settings
from runtime.temporal import TemporalUnavailable, connect
from tests.runtime.conftest import API, WORKER, eventually

pytestmark = pytest.mark.stack


def stack_of(settings: Settings, **parts: object) -> Stack:
    return Stack(settings, **{"report": lambda _: None, "worker": WORKER, "api": API, **parts})  # type: ignore[arg-type]


async def retention(client: Client) -> timedelta:
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace="default")
    )
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


async def test_what_is_killed_comes_back_with_its_data_and_stops_in_order(settings: Settings) -> None:
    prepared: list[Settings] = []
    async with stack_of(settings, prepare=prepared.append) as stack:
        assert prepared == [settings]
        client = await connect(settings)
        assert await retention(client) == timedelta(days=30)
        await client.start_workflow("Anything", id="survivor", task_queue="nobody")
        for name in ("temporal", "worker", "api"):
            before = stack.pids[name]
            stack.kill(name)
            await stack.ready()
            assert stack.pids[name] != before
        assert stack.restarts == {"temporal": 1, "worker": 1, "api": 1}
        assert (await client.get_workflow_handle("survivor").describe()).workflow_type == "Anything"
        assert await retention(client) == timedelta(days=30)
        processes = [psutil.Process(pid) for pid in stack.pids.values()]
    assert not any(process.is_running() for process in processes)
    assert (settings.home / "journal").read_text() == "api stopped\nworker stopped\n"


async def test_search_attributes_are_there_also_on_an_older_database(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.temporal_server.SEARCH_ATTRIBUTES", ())
    async with stack_of(settings):
        client = await connect(settings)
        marked = TypedSearchAttributes([SearchAttributePair(KINDLING_RECORD, "r1")])
        await client.start_workflow("Anything", id="found", task_queue="nobody", search_attributes=marked)

        async def marked_workflows() -> list[str]:
            return [w.id async for w in client.list_workflows("KindlingRecord = 'r1'")]

        async with asyncio.timeout(20):
            while await marked_workflows() != ["found"]:
                await asyncio.sleep(0.05)


async def test_a_first_start_that_was_killed_does_not_spoil_the_next(settings: Settings) -> None:
    folder = settings.home / "temporal"
    folder.mkdir(parents=True)
    (folder / "temporal.db").touch()
    async with stack_of(settings) as stack:
        assert set(stack.pids) == {"temporal", "worker", "api"}


async def test_several_workers_run_side_by_side(settings: Settings) -> None:
    many = load_settings({**settings.environment(), "KINDLING_WORKERS": "2"}, environ={})
    async with stack_of(many) as stack:
        stack.kill("worker")
        await stack.ready()
        assert stack.restarts == {"temporal": 0, "worker-1": 1, "worker-2": 1, "api": 0}


async def test_one_stack_per_data_folder(settings: Settings) -> None:
    async with stack_of(settings):
        with pytest.raises(HomeInUse, match="KINDLING_HOME"):
            await stack_of(settings).start()


async def test_a_port_in_use_is_told_and_nothing_is_started(settings: Settings) -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", settings.temporal_port):
        stack = stack_of(settings)
        with pytest.raises(PortUnavailable, match="KINDLING_TEMPORAL_PORT"):
            await stack.start()
        assert stack.pids == {}


async def test_a_failing_preparation_stops_everything(settings: Settings) -> None:
    def prepare(_: Settings) -> None:
        raise ValueError("no database")

    stack = stack_of(settings, prepare=prepare)
    with pytest.raises(ValueError, match="no database"):
        await stack.start()
    assert stack.pids == {}
    async with stack_of(settings):  # the folder is free again
        pass


async def test_an_external_temporal_that_is_not_there_is_told(settings: Settings) -> None:
    elsewhere = load_settings({**settings.environment(), "TEMPORAL_ADDRESS": "127.0.0.1:1"}, environ={})
    with pytest.raises(TemporalUnavailable, match="127.0.0.1:1 cannot be reached.*TEMPORAL_ADDRESS"):
        await stack_of(elsewhere).start()


@contextlib.asynccontextmanager
async def supervisor(settings: Settings, *worker: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.runtime.stand_ins.supervisor", *worker),
        env={**os.environ, **settings.environment()},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def children_of(process: asyncio.subprocess.Process) -> list[psutil.Process]:
    assert process.stdout is not None
    return [psutil.Process(pid) for pid in json.loads(await process.stdout.readline()).values()]


async def test_nothing_outlives_a_supervisor_that_was_killed(settings: Settings) -> None:
    async with supervisor(settings) as process:
        children = await children_of(process)
        assert len(children) == 3
        process.kill()
        await eventually(lambda: not any(child.is_running() for child in children))
    async with supervisor(settings) as process:  # and the folder and its ports are free at once
        assert len(await children_of(process)) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_one_signal_stops_everything_in_order(settings: Settings, number: signal.Signals) -> None:
    async with supervisor(settings) as process:
        children = await children_of(process)
        process.send_signal(number)
        assert await process.wait() == 0
        assert not any(child.is_running() for child in children)
    assert (settings.home / "journal").read_text() == "api stopped\nworker stopped\n"


async def test_a_second_signal_kills(settings: Settings, tmp_path: Path) -> None:
    stubborn = tmp_path / "stubborn.py"
    stubborn.write_text(
        "import signal\n"
        "from runtime.readiness import announce_ready\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "announce_ready()\n"
        "while True: signal.pause()\n"
    )
    async with supervisor(settings, str(stubborn)) as process:
        children = await children_of(process)
        process.send_signal(signal.SIGINT)
        await eventually(lambda: sum(child.is_running() for child in children) == 2)  # the API is gone
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            assert await process.wait() == 0
        assert not any(child.is_running() for child in children)
