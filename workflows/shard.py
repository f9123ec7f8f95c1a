"""The shard workflow: drains its shard in batches, sleeps until the next due time or wake-up, runs for ever."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from runtime.messages import (
        SCORE_SHARD,
        START_FOLLOW_UPS,
        ScoreResult,
        StartResult,
    )
    from runtime.registry import SHARD_WORKFLOW, WAKE_SIGNAL
    from runtime.shards import ShardRef
    from workflows.policies import DATABASE_RETRY, LONG_TIMEOUT, SILENCE_TIMEOUT


@workflow.defn(name=SHARD_WORKFLOW)
class ShardWorkflow:
    """One per shard. A wake-up carries nothing: what there is to do is in the database."""

    @workflow.init
    def __init__(self, shard: ShardRef) -> None:
        self._shard = shard
        self._awake = True
        self._unstarted = False
        self._starting: asyncio.Task[None] | None = None

    @workflow.signal(name=WAKE_SIGNAL)
    def wake(self) -> None:
        self._awake = True

    @workflow.run
    async def run(self, shard: ShardRef) -> None:
        while True:
            self._awake = False
            result = await self._score()
            if result.unstarted:
                self._unstarted = True
                if self._starting is None or self._starting.done():
                    self._starting = asyncio.create_task(self._start_follow_ups())
            if workflow.info().is_continue_as_new_suggested():
                break
            if not result.more:
                await self._rest(result.next_due_at)
        if self._starting is not None:
            await self._starting
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(shard)

    async def _score(self) -> ScoreResult:
        result: ScoreResult = await workflow.execute_activity(
            SCORE_SHARD,
            self._shard,
            result_type=ScoreResult,
            start_to_close_timeout=LONG_TIMEOUT,
            heartbeat_timeout=SILENCE_TIMEOUT,
            retry_policy=DATABASE_RETRY,
            summary=f"score what is pending in shard {self._shard.shard}",
        )
        return result

    async def _start_follow_ups(self) -> None:
        while self._unstarted:
            self._unstarted = False
            result = await workflow.execute_activity(
                START_FOLLOW_UPS,
                self._shard,
                result_type=StartResult,
                start_to_close_timeout=LONG_TIMEOUT,
                heartbeat_timeout=SILENCE_TIMEOUT,
                retry_policy=DATABASE_RETRY,
                summary=f"start the follow-ups that shard {self._shard.shard} has queued",
            )
            self._unstarted = self._unstarted or result.more

    async def _rest(self, due_at: int | None) -> None:
        """Until woken, or until a score is due."""
        timeout: timedelta | None = None
        if due_at is not None:
            due = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=due_at)
            timeout = max(due - workflow.now(), timedelta(0))
        try:
            await workflow.wait_condition(
                lambda: self._awake, timeout=timeout, timeout_summary="until a score changes by time"
            )
        except TimeoutError:
            return
