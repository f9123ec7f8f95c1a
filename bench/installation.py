"""An installation for one measurement: its own folder, ports and processes, and nothing of it stays."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from temporalio.client import Client

from bench.observer import Observer
from bench.workload import PROFILE
from runtime.clock import now_micros
from runtime.embedded import API, WORKER, plain_environment, process_environment
from runtime.errors import ReadableError
from runtime.messages import PublishInput
from runtime.ports import free_port
from runtime.process import Child, Command
from runtime.publish_start import start_publish
from runtime.readiness import READY_FILE, http_ok
from runtime.settings import Settings, load_settings
from runtime.temporal import connect
from runtime.temporal_server import TemporalServer
from runtime.wakes import Wakes
from services.application import Application
from services.resources import Resources
from store import meta
from store.bulk import Bulk
from store.connection import Connection
from store.database import Database
from store.design import definitions
from store.intake import arriving as intake
from store.migrate import migrate
from store.statuses import PENDING

BARE_WORKER = (sys.executable, "-m", "bench.bare_worker")
_CHUNK = 5_000


class Stalled(ReadableError):
    """Something that was waited for did not come; the message names it."""


class _Nobody:
    """Wakes no shard."""

    def request(self, shards: Iterable[int]) -> None:
        del shards


class Installation:
    """`async with Installation(automations) as kindling:` has a migrated SQLite database with everything published.

    Processes start when asked for. On the way out they end, and the folder is removed. Settings are the defaults
    whatever the environment says; set TMPDIR to measure another disk.
    """

    def __init__(self, automations: Sequence[dict[str, Any]] = (), **variables: str) -> None:
        self._automations = automations
        self._folder = tempfile.TemporaryDirectory(prefix="kindling-bench-", dir=_disk())
        self._children: list[Child] = []
        self.settings: Settings = load_settings(
            {
                "KINDLING_HOME": str(Path(self._folder.name) / "home"),
                "KINDLING_PORT": str(free_port()),
                "KINDLING_TEMPORAL_PORT": str(free_port(above=1000)),
                "KINDLING_LOG_LEVEL": "warning",
                **variables,
            },
            environ={},
        )
        self.settings.home.mkdir()
        self.database = Database(self.settings.database, sync=self.settings.database_sync)
        self._observer: Observer | None = None
        self._client: Client | None = None
        self._wakes: Wakes | None = None
        self._worker: Child | None = None
        self._publishes: list[PublishInput] = []

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._prepare)
        self._observer = Observer(self.file)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self._children):
            await child.stop()
        if self._observer is not None:
            self._observer.close()
        self.database.close()
        self._folder.cleanup()

    @property
    def client(self) -> Client:
        """A Temporal client; there is one once Temporal has started."""
        if self._client is None:
            raise RuntimeError("Temporal was not started")
        return self._client

    @property
    def observer(self) -> Observer:
        """Sees what processes have committed."""
        if self._observer is None:
            raise RuntimeError("the installation is used outside of its `async with`")
        return self._observer

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return self.settings.home / "kindling.db"

    @property
    def spare_file(self) -> Path:
        """For the floor's database: on the same disk."""
        return Path(self._folder.name) / "floor.db"

    async def start_temporal(self) -> None:
        """The embedded Temporal server as the product runs it."""
        await self._start(TemporalServer(self.settings).command(plain_environment()))
        self._client = await connect(self.settings)

    async def start_worker(self) -> None:
        """One worker process."""
        self._worker = await self._start(self._announced("worker", WORKER))

    @property
    def worker_pid(self) -> int:
        """The process that was started for the worker; the worker is it or one of its children."""
        pid = self._worker.pid if self._worker is not None else None
        if pid is None:
            raise RuntimeError("the worker does not run")
        return pid

    def resources(self) -> Resources:
        """What use cases work with; nothing of it wakes anybody."""
        return Resources(self.settings, self.database, now_micros, _Nobody(), self.settings.shards)

    def application(self) -> Application:
        """The use cases, in this process. Publishes begin with `publish`."""
        return Application(self.resources(), self._publishes.append)

    async def publish(self, application: Application, key: str) -> None:
        """Publish a profile, and wait until every record is re-scored."""
        application.profiles.publish(key)
        message = self._publishes.pop()
        await start_publish(self.client, self.settings.task_queue, message)
        await self.until(
            lambda: (
                self.observer.number(
                    "SELECT status = 'done' FROM publications WHERE id = ?", message.publication_id
                )
                == 1
            ),
            "the end of the publish",
            pause=0.05,
            patience=600,
        )

    async def start_bare_worker(self) -> None:
        """The worker of the floor's workflows."""
        await self._start(self._announced("bare-worker", BARE_WORKER))

    async def start_api(self) -> None:
        """One API process."""
        settings = self.settings
        await self._start(
            Command(
                name="api",
                argv=API,
                environment=process_environment(self.settings, "api"),
                log=settings.logs / "api.log",
                ready=lambda: http_ok(settings.local_host, settings.port, "/readyz"),
            )
        )

    def wake(self) -> None:
        """Tell every shard's workflow that there is work."""
        self._wakes = self._wakes or Wakes(self.client, self.settings.task_queue)
        self._wakes.request(range(self.settings.shards))

    def hold(self) -> None:
        """Enrollments wait from now on."""
        self.database.run(lambda connection: meta.set_fact(connection, meta.HELD, "1"))

    def release(self) -> None:
        """Enrollments start from now on, as soon as their shard is woken."""
        self.database.run(
            lambda connection: Bulk(connection).run("DELETE FROM meta WHERE key = ?", meta.HELD)
        )

    def take(self, events: Iterable[intake.NewEvent]) -> None:
        """Store events in one transaction, so that nothing sees them before all are there. Wakes nobody."""
        new_events = list(events)

        def work(connection: Connection) -> None:
            now = now_micros()
            for start in range(0, len(new_events), _CHUNK):
                intake.take_events(connection, new_events[start : start + _CHUNK], self.settings.shards, now)

        self.database.run(work)

    async def until(
        self, holds: Callable[[], bool], what: str, *, pause: float = 0.005, patience: float = 120
    ) -> None:
        """Poll until something holds; raises Stalled after two minutes, or another `patience` in seconds."""
        deadline = time.monotonic() + patience
        while not holds():
            if time.monotonic() > deadline:
                raise Stalled(f"{what} did not come about within {patience / 60:g} minutes")
            await asyncio.sleep(pause)

    async def until_scored(self) -> None:
        """Until no event is pending."""
        await self.until(
            lambda: (
                not self.observer.number(f"SELECT EXISTS (SELECT 1 FROM events WHERE status = {PENDING})")
            ),
            "the end of the pending events",
        )

    def _prepare(self) -> None:
        migrate(self.database, self.settings.shards)
        now = now_micros()
        with self.database.write() as connection:
            _publish(
                connection,
                definitions.PROFILES,
                PROFILE,
                now,
                applies_to="contact",
            )
            for automation in self._automations:
                _publish(connection, definitions.AUTOMATIONS, automation, now)

    def _announced(self, name: str, argv: tuple[str, ...]) -> Command:
        announced = self.settings.home / f"{name}.ready"

        async def ready() -> bool:
            return announced.exists()

        return Command(
            name=name,
            argv=argv,
            environment=process_environment(self.settings, "worker") | {READY_FILE: str(announced)},
            log=self.settings.logs / f"{name}.log",
            ready=ready,
            stop_seconds=30,
        )

    async def _start(self, command: Command) -> Child:
        child = Child(command, lambda message: print(message, file=sys.stderr))
        self._children.append(child)
        child.start()
        await child.ready()
        return child


def _publish(
    connection: Connection, family: definitions.Family, document: dict[str, Any], now: int, **extra: Any
) -> None:
    definitions.save_draft(connection, family, document["key"], document, now, extra=extra)
    row = definitions.find(connection, family, document["key"])
    if row is None:
        raise RuntimeError(f"{document['key']} was not saved")
    definitions.publish_version(connection, family, row, document, now)


def _disk() -> str | None:
    """/tmp may be memory; /var/tmp is a disk. TMPDIR, where set, is the user's choice."""
    return None if os.environ.get("TMPDIR") or not os.access("/var/tmp", os.W_OK) else "/var/tmp"
