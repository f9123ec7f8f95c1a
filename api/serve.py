"""The API process: composes everything and serves until it is told to stop."""

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from api.app import create_app
from api.connection import Connection
from conditions.limits import CONNECTIONS, STATEMENT
from runtime import ports
from runtime.clock import now_micros
from runtime.data_folder import make_private, open_data_folder
from runtime.errors import ReadableError
from runtime.logs import configure_logging
from runtime.messages import PublishInput
from runtime.publish_start import start_publish
from runtime.settings import Settings
from runtime.temporal import connect
from runtime.wakes import Wakes
from services.application import Application
from services.design.profiles import StartPublish
from services.resources import Resources
from store import meta
from store.database import Database, DatabaseUnavailable
from store.migrate import migrate

AddPages = Callable[[FastAPI], None]
"""Adds what is served to people to the application that serves programs."""

_log = structlog.get_logger()
#: How long an answer of Temporal's is good for, and how long it may take, in seconds.
_FRESH, _PATIENCE = 1.0, 1.5
#: How long requests may go on after the signal to stop, in seconds.
_GRACE = 10


def serve(settings: Settings, add_pages: AddPages | None = None) -> None:
    """Serve until SIGINT or SIGTERM, with pages beside the API. Raises ReadableError where a person can mend it."""
    configure_logging(settings, "api")
    make_private()
    for warning in open_data_folder(settings):
        _log.warning(warning)
    try:
        database = Database(settings.database, sync=settings.database_sync)
        migrate(database, settings.shards)
        with database.read() as connection:
            shards = meta.shard_count(connection)
        database.close()  # what brings the schema up to date may take longer than a call may
        database = Database(settings.database, sync=settings.database_sync, longest=STATEMENT.most)
    except DatabaseUnavailable as error:
        raise ReadableError(str(error)) from error
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings, database, shards, add_pages))
    finally:
        database.close()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    with suppress(ImportError):
        import uvloop  # noqa: PLC0415 (not there on Windows)

        return uvloop.new_event_loop
    return None


async def _serve(settings: Settings, database: Database, shards: int, add_pages: AddPages | None) -> None:
    await ports.claim(settings.host, settings.port, "KINDLING_PORT", "the API")
    client = await connect(settings, lazy=True)
    resources = Resources(
        settings=settings,
        database=database,
        clock=now_micros,
        wakes=Wakes(client, settings.task_queue),
        shards=shards,
    )
    application = Application(resources, _publish_starter(client, settings.task_queue))
    app = create_app(application, _temporal_up(client))
    if add_pages is not None:
        add_pages(app)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=Connection,
            limit_concurrency=CONNECTIONS.most,
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
    )
    loop = asyncio.get_running_loop()
    closing: set[asyncio.Task[None]] = set()

    def stop() -> None:
        _stop(server)
        closing.add(loop.create_task(app.state.temporal_ui.close()))

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    with _listen(settings) as listening:
        _log.info("serving", address=f"http://{settings.local_host}:{settings.port}")
        # Not `serve`: that would take over the signals and end the process by them.
        await server._serve([listening])  # noqa: SLF001
    application.previews.close()
    await asyncio.gather(*closing)
    _log.info("stopped")


def _stop(server: uvicorn.Server) -> None:
    server.force_exit = server.should_exit
    server.should_exit = True


def _listen(settings: Settings) -> socket.socket:
    family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((settings.host, settings.port))
    listening.listen(2048)
    listening.setblocking(False)  # noqa: FBT003
    return listening


def _publish_starter(client: Client, task_queue: str) -> StartPublish:
    """Starts publish workflows on this loop. One that Temporal does not take now is started by a worker later."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def start(publish: PublishInput) -> None:
        try:
            await start_publish(client, task_queue, publish)
        except (RPCError, RuntimeError) as error:
            _log.warning("a publish is not started yet", profile=publish.profile, reason=type(error).__name__)

    def begin(work: Coroutine[Any, Any, None]) -> None:
        task = loop.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def start_soon(publish: PublishInput) -> None:
        loop.call_soon_threadsafe(lambda: begin(start(publish)))

    return start_soon


def _temporal_up(client: Client) -> Callable[[], Awaitable[bool]]:
    """Asks Temporal, at most once a second."""
    known = (False, float("-inf"))
    asking = asyncio.Lock()

    async def temporal_up() -> bool:
        nonlocal known
        async with asking:
            if time.monotonic() - known[1] > _FRESH:
                known = (await _answers(client), time.monotonic())
        return known[0]

    return temporal_up


async def _answers(client: Client) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            await client.workflow_service.get_system_info(
                GetSystemInfoRequest(), timeout=timedelta(seconds=_PATIENCE)
            )
    except (RPCError, RuntimeError, TimeoutError):
        return False
    return True
