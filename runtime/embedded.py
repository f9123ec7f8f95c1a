"""The embedded stack: a Temporal server, workers and the API as supervised processes of one data folder."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import structlog

from runtime import ports
from runtime.data_folder import open_data_folder
from runtime.home_lock import HomeLock
from runtime.process import Child, Command, Report
from runtime.readiness import READY_FILE, http_ok
from runtime.settings import Process, Settings
from runtime.temporal import connect, keep_closed_workflows, register_search_attributes
from runtime.temporal_server import RETENTION, TemporalServer

WORKER = (sys.executable, "-m", "worker")
API = (sys.executable, "-m", "cli", "api")

#: What a child process may need of the surroundings. Everything else could be a secret of somebody else's.
_PLAIN = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TZDIR|TMPDIR|TEMP|TMP|TERM|NO_COLOR|COLUMNS|LINES"
    r"|PYTHON\w*|VIRTUAL_ENV|LD_LIBRARY_PATH|SSL_CERT_(FILE|DIR)|XDG_\w+|GO(GC|MAXPROCS|MEMLIMIT|DEBUG|TRACEBACK)"
    r"|SYSTEMROOT|PG(SSL\w+|PASSFILE|SERVICE\w*)|MALLOC_\w+"
)

Prepare = Callable[[Settings], None]


class Stack:
    """Everything that `kindling up` runs; `async with Stack(settings) as stack:` for tests and the demo.

    `prepare` makes the database ready: it runs in a thread beside the start of Temporal, before any worker.
    Errors that a person can mend are `ReadableError`s; then nothing is left running.
    """

    def __init__(
        self,
        settings: Settings,
        prepare: Prepare | None = None,
        *,
        report: Report | None = None,
        worker: Sequence[str] = WORKER,
        api: Sequence[str] = API,
    ) -> None:
        self.settings = settings
        self._prepare = prepare
        self._report = report or structlog.get_logger("stack").info
        self._worker = tuple(worker)
        self._api = tuple(api)
        self._children: list[Child] = []
        self._lock: HomeLock | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def restarts(self) -> dict[str, int]:
        """How often each process was started again."""
        return {child.command.name: child.restarts for child in self._children}

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now."""
        return {child.command.name: child.pid for child in self._children if child.pid is not None}

    async def start(self) -> None:
        """Start everything, in order, and return when it is ready."""
        for warning in open_data_folder(self.settings):
            self._report(f"Warning: {warning}")
        self._lock = HomeLock(self.settings.home)
        try:
            await self._claim_ports()
            await asyncio.gather(self._start_temporal(), self._run_prepare())
            await self._start_all([*self._workers(), self._api_server()])
        except BaseException:
            await self.stop()
            raise

    async def ready(self) -> None:
        """Wait until every process is ready, for instance after `kill`."""
        await asyncio.gather(*(child.ready() for child in self._children))

    def kill(self, name: str) -> None:
        """Kill `temporal`, `api`, one worker (`worker-2`) or all of them (`worker`), as `kill -9` does."""
        chosen = [c for c in self._children if name in {c.command.name, c.command.name.partition("-")[0]}]
        if not chosen:
            raise KeyError(name)
        for child in chosen:
            child.kill()

    def kill_all(self) -> None:
        """End everything at once; `stop` must still be awaited."""
        for child in self._children:
            child.stop_soon()
            child.kill()

    async def stop(self) -> None:
        """Stop everything in order: the API, the workers, Temporal."""
        for role in ("api", "worker", "temporal"):
            members = [c for c in self._children if c.command.name.partition("-")[0] == role]
            await asyncio.gather(*(child.stop() for child in members))
        self._children.clear()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def _claim_ports(self) -> None:
        settings = self.settings
        await ports.claim(settings.host, settings.port, "KINDLING_PORT", "the API")
        if settings.embedded_temporal:
            variable, host = "KINDLING_TEMPORAL_PORT", "127.0.0.1"
            await ports.claim(host, settings.temporal_port, variable, "the Temporal server")

    async def _start_temporal(self) -> None:
        if self.settings.embedded_temporal:
            await self._start_all([TemporalServer(self.settings).command(plain_environment())])
        client = await connect(self.settings)
        await register_search_attributes(client, self.settings)
        if self.settings.embedded_temporal:
            await keep_closed_workflows(client, RETENTION)

    async def _run_prepare(self) -> None:
        if self._prepare is not None:
            await asyncio.to_thread(self._prepare, self.settings)

    async def _start_all(self, commands: list[Command]) -> None:
        children = [Child(command, self._report) for command in commands]
        self._children += children
        for child in children:
            child.start()
        await asyncio.gather(*(child.ready() for child in children))

    def _workers(self) -> list[Command]:
        count = self.settings.worker_count
        return [self._worker_process("worker" if count == 1 else f"worker-{n + 1}") for n in range(count)]

    def _worker_process(self, name: str) -> Command:
        announced = self.settings.home / "run" / f"{name}.ready"
        announced.parent.mkdir(exist_ok=True)

        async def ready() -> bool:
            return announced.exists()

        return Command(
            name=name,
            argv=self._worker,
            environment=process_environment(self.settings, "worker") | {READY_FILE: str(announced)},
            log=self.settings.logs / f"{name}.log",
            ready=ready,
            starting=lambda: announced.unlink(missing_ok=True),
            stop_seconds=30,
        )

    def _api_server(self) -> Command:
        settings = self.settings
        return Command(
            name="api",
            argv=self._api,
            environment=process_environment(self.settings, "api"),
            log=settings.logs / "api.log",
            ready=lambda: http_ok(settings.local_host, settings.port, "/readyz"),
        )


def process_environment(settings: Settings, process: Process) -> dict[str, str]:
    """What the process needs of the surroundings, and exactly those settings that it reads."""
    return plain_environment() | settings.environment(process)


def plain_environment() -> dict[str, str]:
    """This process's environment without settings and secrets: paths, language, certificates, Python's variables."""
    return {name: value for name, value in os.environ.items() if _PLAIN.fullmatch(name)}
