"""Starting the workflow of a publish."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from runtime.messages import PublishInput
from runtime.registry import KINDLING_PROFILE, KINDLING_VERSION, PUBLISH_WORKFLOW, publish_workflow_id

_PATIENCE = timedelta(seconds=10)


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
