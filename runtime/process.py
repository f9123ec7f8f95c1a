"""One supervised child process: started, started again when it dies, stopped in good order."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime import tether
from runtime.data_folder import PRIVATE_UMASK
from runtime.errors import ReadableError

LOG_SIZE = 10_000_000
"""A log file above this many bytes is set aside as `.1` when its process starts."""

FIRST_TRIES = 3
STEADY_SECONDS = 10.0
LONGEST_DELAY = 10.0

Report = Callable[[str], None]


class ChildFailed(ReadableError):
    """A child process never became ready: which, how it ended, and the last lines of its log."""


@dataclass(frozen=True)
class Command:
    """What to run; `ready` is polled until it holds, `starting` is called before each start."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    ready: Callable[[], Awaitable[bool]]
    starting: Callable[[], None] = lambda: None
    start_seconds: float = 60.0
    stop_seconds: float = 10.0


class Child:
    """Keeps one command running from `start` to `stop`."""

    def __init__(self, command: Command, report: Report) -> None:
        self.command = command
        self.restarts = 0
        self._report = report
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._killed: asyncio.subprocess.Process | None = None
        self._proven = False
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the running process; None while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def start(self) -> None:
        """Start, without waiting until it is ready."""
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.command.name}")

    async def ready(self) -> None:
        """Wait until the command is ready; raises ChildFailed when it never gets there."""
        if self._keeper is None:
            raise RuntimeError(f"{self.command.name} was not started")
        waiting = asyncio.create_task(self._ready.wait())
        await asyncio.wait({waiting, self._keeper}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._keeper.done():
            self._keeper.result()
            raise ChildFailed(f"{self.command.name} was stopped")

    def kill(self) -> None:
        """End the process at once, as `kill -9` does; it is started again unless `stop` was called."""
        self._ready.clear()
        if self._process is not None and self._process.returncode is None:
            self._killed = self._process
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def stop_soon(self) -> None:
        """Send SIGTERM and do not start it again; `stop` waits for the end."""
        self._stopping.set()

    async def stop(self) -> None:
        """End the process for good: SIGTERM, and SIGKILL after the command's `stop_seconds`."""
        self.stop_soon()
        if self._keeper is None:
            return
        done, _ = await asyncio.wait({self._keeper}, timeout=self.command.stop_seconds)
        if not done:
            self._report(f"{self.command.name} did not stop in {self.command.stop_seconds:.0f} s: killed")
            self.kill()
            await asyncio.wait({self._keeper})
        if not self._keeper.cancelled():
            self._keeper.exception()

    async def _keep(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                status = await self._run()
            except OSError as error:
                status = f"cannot be started: {error}"
            if self._stopping.is_set():
                return
            failures = 0 if time.monotonic() - started > STEADY_SECONDS else failures + 1
            if not self._proven and failures >= FIRST_TRIES:
                raise ChildFailed(
                    f"{self.command.name} does not start: {status}. {self._last_words()}".rstrip()
                )
            self.restarts += 1
            delay = min(LONGEST_DELAY, 0.05 * 2**failures)
            self._report(f"{self.command.name} {status}; starting it again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _run(self) -> str:
        """One life of the process; returns how it ended."""
        self.command.starting()
        with _open_log(self.command.log) as log:
            self._process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *self.command.argv),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.command.environment),
                umask=PRIVATE_UMASK,
                start_new_session=True,  # a Ctrl-C in the terminal is for the supervisor alone
            )
        try:
            return await self._accompany(process)
        finally:
            self._ready.clear()
            if process.returncode is None:
                self.kill()

    async def _accompany(self, process: asyncio.subprocess.Process) -> str:
        """From start to end; returns how it ended."""
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        probing = asyncio.create_task(self._probe())
        await asyncio.wait({ended, stopping, probing}, return_when=asyncio.FIRST_COMPLETED)
        overdue = probing.done() and not probing.result()
        if overdue:
            self.kill()
        elif probing.done() and not ended.done() and process is not self._killed:
            self._proven = True
            self._ready.set()
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        probing.cancel()
        stopping.cancel()
        if not ended.done():
            process.terminate()
        status = await ended
        return f"was not ready in {self.command.start_seconds:.0f} s" if overdue else _status(status)

    async def _probe(self) -> bool:
        """Poll until ready; False when that takes too long."""
        deadline = time.monotonic() + self.command.start_seconds
        while time.monotonic() < deadline:
            if await self.command.ready():
                return True
            await asyncio.sleep(0.02)
        return False

    def _last_words(self) -> str:
        if not self.command.log.exists():
            return ""
        with self.command.log.open(errors="replace") as log:
            lines = "".join(f"  {line}" for line in deque(log, maxlen=15))
        return f"Its log {self.command.log} ends with:\n{lines.rstrip()}"


@contextlib.contextmanager
def _open_log(path: Path) -> Iterator[int]:
    """A descriptor to append to; what is too long already is set aside first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_SIZE:
        path.replace(path.with_name(path.name + ".1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _status(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
