"""Starting follow-ups: the enrollments that the database says are unstarted get their workflows, once each."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.explaining import details, record_name, summary
from activities.heartbeats import beating
from activities.messages import (
    START_FOLLOW_UPS,
    FollowUpInput,
    PublishInput,
    StartResult,
)
from automations.model import Automation
from automations.steps import outline
from conditions.times import Micros
from runtime.registry import (
    FOLLOW_UP_WORKFLOW,
    KINDLING_AUTOMATION,
    KINDLING_OUTCOME,
    KINDLING_PROFILE,
    KINDLING_RECORD,
    KINDLING_VERSION,
    PUBLISH_WORKFLOW,
    Outcome,
    follow_up_workflow_id,
    publish_workflow_id,
)
from runtime.shards import ShardRef
from store import follow_ups, meta
from store.connection import Connection, RowMapping
from store.database import Database

AT_A_TIME = 200
CONCURRENTLY = 32
_PATIENCE = timedelta(seconds=10)


class Starter:
    """Starts and ends workflows on behalf of enrollments. Starting is idempotent: ids are the enrollments'."""

    def __init__(
        self, database: Database, client: Client, task_queue: str, clock: Callable[[], Micros]
    ) -> None:
        self._database = database
        self._client = client
        self._task_queue = task_queue
        self._clock = clock
        self._gate = asyncio.Semaphore(CONCURRENTLY)
        self._automations: dict[tuple[int, int], Automation] = {}

    @activity.defn(name=START_FOLLOW_UPS)
    async def start_follow_ups(self, shard: ShardRef) -> StartResult:
        """Start what is queued and tell workflows whose enrollment ended here; some hundreds at a time."""
        async with beating():
            return await self.start(shard.shard, AT_A_TIME)

    async def start(self, shard: int, limit: int) -> StartResult:
        """Start up to `limit` follow-ups of a shard; `more` when there may be others."""
        queued, closing = await asyncio.to_thread(self._load, shard, limit)
        await asyncio.gather(*(self._close(workflow_id) for workflow_id in closing))
        await asyncio.gather(*(self._start(row) for row in queued))
        if queued or closing:
            await asyncio.to_thread(
                self._database.run, lambda connection: self._mark(connection, queued, closing)
            )
        return StartResult(len(queued), len(queued) >= limit or len(closing) >= limit)

    def _load(self, shard: int, limit: int) -> tuple[list[RowMapping], list[str]]:
        with self._database.read() as connection:
            closing = follow_ups.closing(connection, shard, limit)
            if meta.get_fact(connection, meta.HELD):
                return [], closing
            return follow_ups.queued(connection, shard, limit), closing

    def _mark(self, connection: Connection, queued: Sequence[RowMapping], closing: Sequence[str]) -> None:
        if queued:
            follow_ups.mark_started(connection, [row["id"] for row in queued], self._clock())
        if closing:
            follow_ups.mark_closed(connection, closing)

    async def _start(self, row: RowMapping) -> None:
        pairs: list[SearchAttributePair[Any]] = [
            SearchAttributePair(KINDLING_AUTOMATION, row["automation"]),
            SearchAttributePair(KINDLING_VERSION, row["version"]),
            SearchAttributePair(KINDLING_RECORD, record_name(row)),
            SearchAttributePair(KINDLING_OUTCOME, Outcome.RUNNING.value),
        ]
        if row["profile"]:
            pairs.append(SearchAttributePair(KINDLING_PROFILE, row["profile"]))
        automation = self._automation(row)
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

    def _automation(self, row: RowMapping) -> Automation:
        """A version never changes, so it is read once."""
        key = row["automation_id"], row["version"]
        if key not in self._automations:
            self._automations[key] = Automation.model_validate(row["definition"])
        return self._automations[key]

    async def _close(self, workflow_id: str) -> None:
        handle = self._client.get_workflow_handle(workflow_id)
        async with self._gate:
            try:
                await handle.cancel(rpc_timeout=_PATIENCE)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise


async def start_publish(client: Client, task_queue: str, publish: PublishInput) -> None:
    """Start the re-scoring of a publish; starting it twice is no error."""
    try:
        await client.start_workflow(
            PUBLISH_WORKFLOW,
            publish,
            id=publish_workflow_id(publish.publication_id),
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(KINDLING_PROFILE, publish.profile),
                    SearchAttributePair(KINDLING_VERSION, publish.version),
                ]
            ),
            static_summary=f"Re-scores every record to {publish.profile} v{publish.version}",
            rpc_timeout=_PATIENCE,
        )
    except WorkflowAlreadyStartedError:
        return
