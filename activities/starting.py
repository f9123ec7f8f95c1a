"""Starting follow-ups: the enrollments that the database says are unstarted get their workflows, once each."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import Any, NamedTuple

from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.heartbeats import beating
from automations.steps.places import outline
from conditions.times import Micros
from engine.explaining import details, record_name, summary
from engine.published import PublishedCache
from engine.situation import automation_of
from engine.staleness import stale
from runtime.messages import (
    START_FOLLOW_UPS,
    FollowUpInput,
    StartResult,
)
from runtime.registry import (
    FOLLOW_UP_WORKFLOW,
    KINDLING_AUTOMATION,
    KINDLING_OUTCOME,
    KINDLING_PROFILE,
    KINDLING_RECORD,
    KINDLING_VERSION,
    WAKE_SIGNAL,
    follow_up_queue,
    follow_up_workflow_id,
)
from runtime.shards import ShardRef
from runtime.statuses import EnrollmentStatus
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrolling, starting, watching

AT_A_TIME = 200
#: As many as keep Temporal busy; more would only make scoring wait for it.
CONCURRENTLY = 4
_PATIENCE = timedelta(seconds=10)


class _Due(NamedTuple):
    """Enrollments to be started, workflows to be ended, (id, attempt, count) of those that have to look again, and ids
    of enrollments that waited for their start and match no more.
    """

    queued: list[RowMapping]
    closing: list[str]
    waking: list[tuple[str, int, int]]
    stale: Collection[str]

    def is_full(self, limit: int) -> bool:
        """Whether there may be more than these; others come after those that were skipped."""
        return bool(self.stale) or max(len(self.queued), len(self.closing), len(self.waking)) >= limit


class Starter:
    """Starts and ends workflows on behalf of enrollments. Starting is idempotent: ids are the enrollments'."""

    def __init__(
        self,
        database: Database,
        client: Client,
        task_queue: str,
        clock: Callable[[], Micros],
        published: PublishedCache,
    ) -> None:
        self._database = database
        self._client = client
        self._task_queue = follow_up_queue(task_queue)
        self._clock = clock
        self._gate = asyncio.Semaphore(CONCURRENTLY)
        self._published = published

    @property
    def busy(self) -> bool:
        """Whether a follow-up that has to start now would wait for others."""
        return self._gate.locked()

    @activity.defn(name=START_FOLLOW_UPS)
    async def start_follow_ups(self, shard: ShardRef) -> StartResult:
        """Start what is queued and tell workflows whose enrollment ended here; some hundreds at a time."""
        async with beating():
            return await self.start(shard.shard, AT_A_TIME)

    async def start(self, shard: int, limit: int) -> StartResult:
        """Start up to `limit` follow-ups of a shard; `more` when there may be others."""
        due = await asyncio.to_thread(self._load, shard, limit)
        if due.stale:
            await asyncio.to_thread(
                self._database.run, lambda connection: self._skip(connection, due), [shard]
            )
        await asyncio.gather(*(self._close(workflow_id) for workflow_id in due.closing))
        await asyncio.gather(*(self._start(row) for row in due.queued))
        await asyncio.gather(*(self._wake(follow_up[0], follow_up[1]) for follow_up in due.waking))
        if any(due):
            await asyncio.to_thread(self._database.run, lambda connection: self._mark(connection, due))
        return StartResult(len(due.queued), due.is_full(limit))

    def _load(self, shard: int, limit: int) -> _Due:
        with self._database.read() as connection:
            closing = starting.closing(connection, shard, limit)
            waking = watching.waking(connection, shard, limit)
            now = self._clock()
            queued = starting.queued(connection, shard, now, limit)
            gone = set(stale(connection, self._published.read(connection), queued, now))
            return _Due([row for row in queued if row["id"] not in gone], closing, waking, gone)

    def _skip(self, connection: Connection, due: _Due) -> None:
        enrolling.skip_stale(connection, due.stale, self._clock())

    def _mark(self, connection: Connection, due: _Due) -> None:
        if due.queued:
            starting.mark_started(connection, [row["id"] for row in due.queued], self._clock())
        if due.closing:
            starting.mark_closed(connection, due.closing)
        watching.mark_woken(connection, due.waking)

    async def _start(self, row: RowMapping) -> None:
        pairs: list[SearchAttributePair[Any]] = [
            SearchAttributePair(KINDLING_AUTOMATION, row["automation"]),
            SearchAttributePair(KINDLING_VERSION, row["version"]),
            SearchAttributePair(KINDLING_RECORD, record_name(row)),
            SearchAttributePair(KINDLING_OUTCOME, EnrollmentStatus.RUNNING.value),
        ]
        if row["profile"]:
            pairs.append(SearchAttributePair(KINDLING_PROFILE, row["profile"]))
        automation = automation_of(row)
        async with self._gate:
            try:
                await self._client.start_workflow(
                    FOLLOW_UP_WORKFLOW,
                    FollowUpInput(
                        row["id"], row["attempt"], row["automation"], row["version"], outline(automation)
                    ),
                    id=follow_up_workflow_id(row["id"], row["attempt"]),
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    search_attributes=TypedSearchAttributes(pairs),
                    static_summary=summary(row, automation),
                    static_details=details(row, automation),
                    memo={
                        "automation": row["automation"],
                        "version": row["version"],
                        "enrollment": row["id"],
                    },
                    request_eager_start=True,
                    rpc_timeout=_PATIENCE,
                )
            except WorkflowAlreadyStartedError:
                return

    async def _close(self, workflow_id: str) -> None:
        handle = self._client.get_workflow_handle(workflow_id)
        async with self._gate:
            await _unless_gone(handle.cancel(rpc_timeout=_PATIENCE))

    async def _wake(self, enrollment_id: str, attempt: int) -> None:
        handle = self._client.get_workflow_handle(follow_up_workflow_id(enrollment_id, attempt))
        async with self._gate:
            await _unless_gone(handle.signal(WAKE_SIGNAL, rpc_timeout=_PATIENCE))


async def _unless_gone(call: Awaitable[None]) -> None:
    """A workflow that is over, or that Temporal does not know, need not be told anything."""
    try:
        await call
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
