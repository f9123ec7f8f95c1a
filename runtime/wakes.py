"""Wake-ups: tell a shard's workflow that there is work. They carry nothing, and losing one costs a second."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from runtime.registry import SHARD_WORKFLOW, WAKE_SIGNAL, shard_workflow_id
from runtime.shards import ShardRef

#: At most ten a second, per process and shard; the first goes out at once.
PAUSE = 0.1
_PATIENCE = timedelta(seconds=5)
_log = structlog.get_logger()


class Wakes:
    """Sends coalesced wake-ups on the event loop it was made in; `request` may be called from any thread."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._loop = asyncio.get_running_loop()
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._wanted: set[int] = set()
        self._closed = False

    def request(self, shards: Iterable[int]) -> None:
        """Wake these shards soon. Call it after the commit; it never fails and never waits."""
        wanted = tuple(shards)
        if wanted and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._note, wanted)

    async def close(self) -> None:
        """Send nothing more. What was asked for and not sent is found by a worker's watch."""
        self._closed = True
        sending = list(self._sending.values())
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    def _note(self, shards: tuple[int, ...]) -> None:
        for shard in () if self._closed else shards:
            if shard in self._sending:
                self._wanted.add(shard)
            else:
                self._sending[shard] = asyncio.create_task(self._send(shard))

    async def _send(self, shard: int) -> None:
        try:
            again = True
            while again:
                self._wanted.discard(shard)
                await self._signal(shard)
                await asyncio.sleep(PAUSE)
                again = shard in self._wanted
        finally:
            del self._sending[shard]

    async def _signal(self, shard: int) -> None:
        try:
            await self._client.start_workflow(
                SHARD_WORKFLOW,
                ShardRef(shard),
                id=shard_workflow_id(shard),
                task_queue=self._task_queue,
                start_signal=WAKE_SIGNAL,
                static_summary=f"Scores shard {shard}",
                rpc_timeout=_PATIENCE,
            )
        except (RPCError, RuntimeError) as error:
            _log.debug("wake-up not delivered", shard=shard, reason=type(error).__name__)
