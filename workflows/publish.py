"""The publish workflow: re-scores every record to a new profile version, shard by shard, with visible progress."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from runtime.messages import (
        FINISH_PUBLISH,
        SWEEP_SHARD,
        PublishInput,
        PublishResult,
        SweepInput,
        SweepResult,
    )
    from runtime.registry import PUBLISH_WORKFLOW
    from workflows.policies import DATABASE_RETRY, SILENCE_TIMEOUT, STEP_TIMEOUT

from datetime import timedelta


@workflow.defn(name=PUBLISH_WORKFLOW)
class PublishWorkflow:
    """One per publish. Progress is kept in the database, so a sweep goes on where it was."""

    @workflow.run
    async def run(self, publish: PublishInput) -> PublishResult:
        sweeps = [
            workflow.execute_activity(
                SWEEP_SHARD,
                SweepInput(publish.publication_id, shard),
                result_type=SweepResult,
                start_to_close_timeout=timedelta(hours=24),
                heartbeat_timeout=SILENCE_TIMEOUT,
                retry_policy=DATABASE_RETRY,
                summary=f"re-score shard {shard} to {publish.profile} v{publish.version}",
            )
            for shard in range(publish.shards)
        ]
        results = await asyncio.gather(*sweeps)
        rescored = sum(result.done for result in results)
        if any(result.superseded for result in results):
            return PublishResult("superseded", rescored)
        await workflow.execute_activity(
            FINISH_PUBLISH,
            publish.publication_id,
            start_to_close_timeout=STEP_TIMEOUT,
            retry_policy=DATABASE_RETRY,
            summary="note that every record is re-scored",
        )
        return PublishResult("done", rescored)
