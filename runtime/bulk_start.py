"""Starting the workflow of a bulk job."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from runtime.messages import BulkInput
from runtime.registry import BULK_WORKFLOW, bulk_workflow_id

_PATIENCE = timedelta(seconds=10)


async def start_bulk(client: Client, task_queue: str, job: BulkInput, total: int) -> None:
    """Start a bulk job; starting it twice is no error, and one that somebody terminated goes on."""
    try:
        await client.start_workflow(
            BULK_WORKFLOW,
            job,
            id=bulk_workflow_id(job.job_id),
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            static_summary=f"Bulk job: {job.action} for {total:,}",
            rpc_timeout=_PATIENCE,
        )
    except WorkflowAlreadyStartedError:
        return
