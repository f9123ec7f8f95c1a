"""Reaching Temporal from a synchronous command. What does not get there, workers notice within seconds."""

import asyncio
import threading
from collections.abc import Callable, Iterable

from temporalio.client import Client
from temporalio.service import RPCError

from runtime.messages import PublishInput
from runtime.publish_start import start_publish
from runtime.settings import Settings
from runtime.temporal import TemporalUnavailable, connect
from runtime.wakes import Wakes

PATIENCE = 3.0


class TemporalLink:
    """Connects on a thread of its own, so that the command need not wait. Close it to deliver what is under way."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] = []
        self._decided = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self._wakes: Wakes | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="temporal", daemon=True
        )
        self._thread.start()

    @property
    def up(self) -> bool:
        """Whether Temporal answers; waits until that is known."""
        self._decided.wait()
        return self._client is not None

    def request(self, shards: Iterable[int]) -> None:
        """Wake shard workflows."""
        wanted = tuple(shards)
        self._do(lambda: self._wakes.request(wanted) if self._wakes else None)

    def start_publish(self, publish: PublishInput) -> None:
        """Start the workflow of a publish."""
        self._do(lambda: self._spawn(publish))

    def close(self) -> None:
        """Deliver what was asked for, for a few seconds at most."""
        self._decided.wait()
        if self._loop is not None and self._stop is not None and self._client is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _do(self, job: Callable[[], None]) -> None:
        with self._lock:
            if not self._decided.is_set():
                self._waiting.append(job)
            elif self._client is not None and self._loop is not None:
                self._loop.call_soon_threadsafe(job)

    def _spawn(self, publish: PublishInput) -> None:
        task = asyncio.ensure_future(self._publish(publish))
        task.set_name("publish")

    async def _publish(self, publish: PublishInput) -> None:
        if self._client is None:
            return
        try:
            await start_publish(self._client, self._settings.task_queue, publish)
        except (RPCError, RuntimeError):
            return  # a worker starts it

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        client = None
        try:
            async with asyncio.timeout(PATIENCE):
                client = await connect(self._settings)
        except (TemporalUnavailable, TimeoutError):
            client = None
        finally:
            with self._lock:
                if client is not None:
                    self._client = client
                    self._wakes = Wakes(client, self._settings.task_queue)
                    for job in self._waiting:
                        job()
                self._waiting.clear()
                self._decided.set()
        if client is None:
            return
        await self._stop.wait()
        await asyncio.sleep(0)  # what was asked for last becomes a task
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:
            await asyncio.wait(rest, timeout=PATIENCE)
