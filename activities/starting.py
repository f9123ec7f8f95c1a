"""Starting follow-ups: the enrollments that the database says are unstarted get their workflows, once each."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from uuid_utils import uuid7

from activities.heartbeats import beating
from conditions.times import Micros
from engine.admission.explaining import (
    cohort_details,
    cohort_summary,
    details,
    record_name,
    summary,
    upcoming,
)
from engine.published import PublishedCache
from engine.steps.situation import automation_of
from engine.steps.staleness import stale
from runtime.messages import (
    START_FOLLOW_UPS,
    FollowUpInput,
    StartResult,
)
from runtime.registry import (
    EARLIER_FOLLOW_UP_PREFIX,
    FOLLOW_UP_WORKFLOW,
    KINDLING_AUTOMATION,
    KINDLING_OUTCOME,
    KINDLING_PROFILE,
    KINDLING_RECORD,
    KINDLING_RECORDS,
    KINDLING_VERSION,
    WAKE_SIGNAL,
    cohort_queue,
    cohort_workflow_id,
    follow_up_queue,
    follow_up_workflow_id,
    is_cohort,
)
from runtime.shards import ShardRef
from runtime.statuses import EnrollmentStatus
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrolling, starting, watching
from store.follow_ups.starting import ToTell
from store.follow_ups.watching import Waking

#: Enrollments that are looked at in one go.
AT_A_TIME = 1_000
#: So many that began together go on together, from so many on.
COHORT, FEWEST = 100, 8
#: As many starts as keep Temporal busy; more would only make scoring wait for it.
CONCURRENTLY = 4
_PATIENCE = timedelta(seconds=10)


class _Due(NamedTuple):
    """Enrollments to be started, workflows to be told of such that are over, those that have to look again with what
    counted that, and ids of enrollments that waited for their start and match no more.
    """

    queued: list[RowMapping]
    closing: list[ToTell]
    waking: list[Waking]
    stale: Collection[str]

    def is_full(self, limit: int) -> bool:
        """Whether there may be more than these; others come after those that were skipped."""
        return bool(self.stale) or max(len(self.queued), len(self.closing), len(self.waking)) >= limit


class Starter:
    """Starts and ends workflows on behalf of enrollments.

    Who goes on together is written down before a workflow starts, so that starting twice is starting once.
    """

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
        self._cohort_queue = cohort_queue(task_queue)
        self._clock = clock
        self._gate = asyncio.Semaphore(CONCURRENTLY)
        self._gate_of_few = asyncio.Semaphore(CONCURRENTLY)
        self._published = published

    @activity.defn(name=START_FOLLOW_UPS)
    async def start_follow_ups(self, shard: ShardRef) -> StartResult:
        """Start what is queued and tell workflows whose enrollment ended here; some hundreds at a time."""
        async with beating():
            return await self.start(shard.shard, AT_A_TIME)

    async def start_few(self, shard: int, rows: Sequence[RowMapping], *, to_tell: int) -> None:
        """The same for few that have their workflows each, whoever else waits; also tell up to so many workflows."""
        due = _Due([], [], [], ())
        if to_tell:
            due = await asyncio.to_thread(self._load, shard, to_tell, queued=False)
        await self._begin(due._replace(queued=[*rows]), [*map(_alone, rows)], self._gate_of_few)

    async def start(self, shard: int, limit: int) -> StartResult:
        """Start up to `limit` follow-ups of a shard; `more` when there may be others."""
        due = await asyncio.to_thread(self._load, shard, limit)
        groups = _groups(due.queued)
        if due.stale or any(not group.assigned for group in groups):

            def write(connection: Connection) -> list[_Group]:
                if due.stale:
                    enrolling.skip_stale(connection, due.stale, self._clock())
                return [group if group.assigned else group.of(connection) for group in groups]

            groups = await asyncio.to_thread(self._database.run, write, [shard])
        await self._begin(due, [group for group in groups if group.rows], self._gate)
        return StartResult(len(due.queued), due.is_full(limit))

    async def _begin(self, due: _Due, groups: Sequence["_Group"], gate: asyncio.Semaphore) -> None:
        await asyncio.gather(*(self._close(told, gate) for told in due.closing))
        await asyncio.gather(*(self._start(group, gate) for group in groups))
        woken = {waking.workflow_id for waking in due.waking if waking.workflow_id is not None}
        await asyncio.gather(*(self._wake(workflow_id, gate) for workflow_id in sorted(woken)))
        if any(due):
            await asyncio.to_thread(self._database.run, lambda connection: self._mark(connection, due))

    def _load(self, shard: int, limit: int, *, queued: bool = True) -> _Due:
        with self._database.read() as connection:
            closing = starting.closing(connection, shard, limit)
            waking = watching.waking(connection, shard, limit)
            if not queued:
                return _Due([], closing, waking, ())
            now = self._clock()
            rows = starting.queued(connection, shard, now, limit)
            gone = set(stale(connection, self._published.read(connection), rows, now))
            return _Due([row for row in rows if row["id"] not in gone], closing, waking, gone)

    def _mark(self, connection: Connection, due: _Due) -> None:
        if due.queued:
            starting.mark_started(connection, [row["id"] for row in due.queued], self._clock())
        if due.closing:
            starting.mark_closed(connection, due.closing)
        watching.mark_woken(connection, due.waking)

    async def _start(self, group: "_Group", gate: asyncio.Semaphore) -> None:
        first = group.rows[0]
        automation = automation_of(first)
        alone = not is_cohort(group.workflow_id)
        records = [record_name(row) for row in group.rows]
        pairs: list[SearchAttributePair[Any]] = [
            SearchAttributePair(KINDLING_AUTOMATION, first["automation"]),
            SearchAttributePair(KINDLING_VERSION, first["version"]),
            SearchAttributePair(KINDLING_RECORDS, records),
            SearchAttributePair(KINDLING_OUTCOME, EnrollmentStatus.RUNNING.value),
        ]
        if alone:
            pairs.append(SearchAttributePair(KINDLING_RECORD, records[0]))
        if first["profile"]:
            pairs.append(SearchAttributePair(KINDLING_PROFILE, first["profile"]))
        memo = {"automation": first["automation"], "version": first["version"]}
        memo |= {"enrollment": first["id"]} if alone else {"enrollments": len(group.rows)}
        path = first["step"] or automation.course.first
        coming = upcoming(automation, automation.course.group(path)) if alone and path is not None else ""
        async with gate:
            try:
                await self._client.start_workflow(
                    FOLLOW_UP_WORKFLOW,
                    FollowUpInput(
                        first["automation"],
                        first["version"],
                        len(group.rows),
                        coming or f"{len(group.rows)} follow-ups",
                    ),
                    id=group.workflow_id,
                    task_queue=self._task_queue if alone else self._cohort_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    search_attributes=TypedSearchAttributes(pairs),
                    static_summary=summary(first, automation)
                    if alone
                    else cohort_summary(first, len(group.rows)),
                    static_details=details(first, automation)
                    if alone
                    else cohort_details(group.rows, automation),
                    memo=memo,
                    request_eager_start=True,
                    rpc_timeout=_PATIENCE,
                )
            except WorkflowAlreadyStartedError:
                return

    async def _close(self, told: ToTell, gate: asyncio.Semaphore) -> None:
        if not told.workflow_id:  # it had not started
            return
        handle = self._client.get_workflow_handle(told.workflow_id)
        async with gate:
            if told.workflow_id.startswith(EARLIER_FOLLOW_UP_PREFIX):
                await _unless_gone(handle.terminate(rpc_timeout=_PATIENCE))
            elif not is_cohort(told.workflow_id):
                await _unless_gone(handle.cancel(rpc_timeout=_PATIENCE))
            else:
                await _unless_gone(handle.signal(WAKE_SIGNAL, rpc_timeout=_PATIENCE))

    async def _wake(self, workflow_id: str, gate: asyncio.Semaphore) -> None:
        handle = self._client.get_workflow_handle(workflow_id)
        async with gate:
            await _unless_gone(handle.signal(WAKE_SIGNAL, rpc_timeout=_PATIENCE))


class _Group(NamedTuple):
    """Enrollments that a workflow carries out."""

    workflow_id: str
    rows: list[RowMapping]

    @property
    def assigned(self) -> bool:
        """Whether the database knows that already."""
        return self.rows[0]["workflow_id"] is not None

    def of(self, connection: Connection) -> "_Group":
        """The same, written down; without those whom another workflow has got meanwhile."""
        theirs = starting.assign(connection, self.workflow_id, [row["id"] for row in self.rows])
        return self._replace(rows=[row for row in self.rows if row["id"] in theirs])


def _groups(queued: Collection[RowMapping]) -> list[_Group]:
    """Who goes on with whom: those of one automation version that have not begun or begin anew, if they are many; else
    alone, as does one that was let go of.
    """
    assigned: dict[str, list[RowMapping]] = {}
    fresh: dict[tuple[int, int], list[RowMapping]] = {}
    groups = []
    for row in queued:
        if row["workflow_id"] is not None:
            assigned.setdefault(row["workflow_id"], []).append(row)
        elif row["started_at"] is None or row["attempt"] > 1:
            fresh.setdefault((row["automation_id"], row["version"]), []).append(row)
        else:
            groups.append(_alone(row))
    groups += [_Group(workflow_id, rows) for workflow_id, rows in assigned.items()]
    for rows in fresh.values():
        if len(rows) < FEWEST:
            groups += map(_alone, rows)
            continue
        for start in range(0, len(rows), COHORT):
            workflow_id = cohort_workflow_id(rows[0]["automation"], str(uuid7()))
            groups.append(_Group(workflow_id, rows[start : start + COHORT]))
    return groups


def _alone(row: RowMapping) -> _Group:
    workflow_id = follow_up_workflow_id(row["automation"], row["id"], row["attempt"])
    return _Group(workflow_id, [row])


async def take_over(database: Database, client: Client) -> None:
    """End the workflows in which an earlier version carried out follow-ups; those start anew from where they are."""
    gate = asyncio.Semaphore(CONCURRENTLY)

    async def end(workflow_id: str) -> None:
        async with gate:
            handle = client.get_workflow_handle(workflow_id)
            await _unless_gone(handle.terminate("taken over by a newer version", rpc_timeout=_PATIENCE))

    while rows := await asyncio.to_thread(_earlier, database):
        await asyncio.gather(*(end(row["workflow_id"]) for row in rows))
        work = partial(starting.take_over, ids=[row["id"] for row in rows])
        await asyncio.to_thread(database.run, work)


def _earlier(database: Database) -> list[RowMapping]:
    with database.read() as connection:
        return starting.earlier(connection, EARLIER_FOLLOW_UP_PREFIX, AT_A_TIME)


async def _unless_gone(call: Awaitable[None]) -> None:
    """A workflow that is over, or that Temporal does not know, need not be told anything."""
    try:
        await call
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
