"""Every name that Kindling uses in Temporal, in one place: for the code, for ops and for the documentation.

Safe to import inside the workflow sandbox.
"""

from dataclasses import dataclass
from typing import Any

from temporalio.common import SearchAttributeKey

from runtime.statuses import RETRIED, EnrollmentStatus

SHARD_WORKFLOW = "Shard"
FOLLOW_UP_WORKFLOW = "FollowUp"
PUBLISH_WORKFLOW = "Publish"

WAKE_SIGNAL = "wake"
"""Carries no data: there may be work in the database."""

SHARD_WORKFLOW_PREFIX = "kindling-shard-"
FOLLOW_UP_WORKFLOW_PREFIX = "follow-up-"
PUBLISH_WORKFLOW_PREFIX = "publish-"
#: Enrollments' ids are UUIDs.
ENROLLMENT_ID_LENGTH = 36


def shard_workflow_id(shard: int) -> str:
    """The one workflow of a shard: `kindling-shard-3`."""
    return f"{SHARD_WORKFLOW_PREFIX}{shard}"


def follow_up_workflow_id(enrollment_id: str, attempt: int = 1) -> str:
    """`follow-up-<enrollment>` for the first attempt, `follow-up-<enrollment>-2` for the second."""
    suffix = "" if attempt == 1 else f"-{attempt}"
    return f"{FOLLOW_UP_WORKFLOW_PREFIX}{enrollment_id}{suffix}"


def enrollment_of(workflow_id: str) -> str:
    """The enrollment that a follow-up's workflow carries out, whichever attempt it is."""
    return workflow_id.removeprefix(FOLLOW_UP_WORKFLOW_PREFIX)[:ENROLLMENT_ID_LENGTH]


def publish_workflow_id(publication_id: str) -> str:
    """One publication of a profile: `publish-<publication>`."""
    return f"{PUBLISH_WORKFLOW_PREFIX}{publication_id}"


def follow_up_queue(task_queue: str) -> str:
    """The task queue of follow-ups, beside that of scoring: a burst of them must not hold scoring up."""
    return f"{task_queue}-follow-ups"


KINDLING_AUTOMATION = SearchAttributeKey.for_keyword("KindlingAutomation")
KINDLING_VERSION = SearchAttributeKey.for_int("KindlingVersion")
KINDLING_RECORD = SearchAttributeKey.for_keyword("KindlingRecord")
KINDLING_PROFILE = SearchAttributeKey.for_keyword("KindlingProfile")
KINDLING_OUTCOME = SearchAttributeKey.for_keyword("KindlingOutcome")


@dataclass(frozen=True)
class SearchAttribute:
    """A search attribute as ops see it. Empty `values`: any."""

    key: SearchAttributeKey[Any]
    type: str
    description: str
    values: tuple[str, ...] = ()


SEARCH_ATTRIBUTES = (
    SearchAttribute(KINDLING_AUTOMATION, "Keyword", "Key of the automation that a follow-up carries out"),
    SearchAttribute(
        KINDLING_VERSION, "Int", "Published version of that automation, or of the profile that is published"
    ),
    SearchAttribute(KINDLING_RECORD, "Keyword", "Our id of the contact or deal, never the caller's key"),
    SearchAttribute(
        KINDLING_PROFILE, "Keyword", "Key of the score profile whose change fired, or that is published"
    ),
    SearchAttribute(
        KINDLING_OUTCOME,
        "Keyword",
        "How the follow-up stands",
        values=(
            *(outcome.value for outcome in EnrollmentStatus if outcome is not EnrollmentStatus.QUEUED),
            RETRIED,
        ),
    ),
)


@dataclass(frozen=True)
class WorkflowType:
    """A workflow type as ops see it."""

    name: str
    id_pattern: str
    description: str


WORKFLOW_TYPES = (
    WorkflowType(
        SHARD_WORKFLOW,
        shard_workflow_id(0).replace("0", "<n>"),
        "Scores the pending events of one shard, batch by batch, and starts follow-ups; runs for ever",
    ),
    WorkflowType(
        FOLLOW_UP_WORKFLOW,
        follow_up_workflow_id("<enrollment>") + "[-<attempt>]",
        "Carries out the steps of one enrollment of one contact or deal",
    ),
    WorkflowType(
        PUBLISH_WORKFLOW,
        publish_workflow_id("<publication>"),
        "Re-scores every record after a profile was published",
    ),
)
