"""The workflow of a bulk job: slice after slice, with visible progress, until all are done or it is stopped."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from runtime.messages import END_BULK, WORK_OFF_BULK, BulkInput, BulkProgress
    from runtime.registry import BULK_WORKFLOW
    from runtime.statuses import BulkStatus
    from workflows.policies import DATABASE_RETRY, LONG_TIMEOUT, SILENCE_TIMEOUT, STEP_TIMEOUT


@workflow.defn(name=BULK_WORKFLOW)
class BulkWorkflow:
    """One per job. Who is left is in the database, so that it goes on where it was. Cancelling it stops the job."""

    @workflow.run
    async def run(self, job: BulkInput) -> BulkProgress:
        try:
            return await self._work_off(job)
        except (asyncio.CancelledError, ActivityError) as error:
            if is_cancelled_exception(error):
                await workflow.execute_activity(
                    END_BULK,
                    job,
                    start_to_close_timeout=STEP_TIMEOUT,
                    retry_policy=DATABASE_RETRY,
                    summary="note that it was stopped",
                )
            raise

    async def _work_off(self, job: BulkInput) -> BulkProgress:
        while True:
            progress: BulkProgress = await workflow.execute_activity(
                WORK_OFF_BULK,
                job,
                result_type=BulkProgress,
                start_to_close_timeout=LONG_TIMEOUT,
                heartbeat_timeout=SILENCE_TIMEOUT,
                retry_policy=DATABASE_RETRY,
                summary=f"{job.action}, slice by slice",
            )
            workflow.set_current_details(f"{progress.done:,} of {progress.total:,}: {progress.status}")
            if progress.status != BulkStatus.RUNNING:
                return progress
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(job)
