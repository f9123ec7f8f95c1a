"""Every name that Kindling uses in Temporal, in one place: for the code, for ops and for the documentation.

Safe to import inside the workflow sandbox.
"""

import re
from dataclasses import dataclass
from typing import Any

from temporalio.common import SearchAttributeKey

from runtime.statuses import RETRIED, EnrollmentStatus

SHARD_WORKFLOW = "Shard"
FOLLOW_UP_WORKFLOW = "FollowUp"
PUBLISH_WORKFLOW = "Publish"
BULK_WORKFLOW = "Bulk"

WAKE_SIGNAL = "wake"
"""Carries no data: there may be work in the database."""

SHARD_WORKFLOW_PREFIX = "kindling-shard-"
PUBLISH_WORKFLOW_PREFIX = "publish-"
BULK_WORKFLOW_PREFIX = "bulk-"
#: What the ids of follow-ups began with in versions that had a workflow for each.
EARLIER_FOLLOW_UP_PREFIX = "follow-up-"


_COHORT = ".cohort."
#: What the name of the task queue of cohorts ends with.
COHORTS = "-cohorts"
_OF_ENROLLMENT = re.compile(
    r"(?:follow-up-|[a-z0-9_-]+\.)([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?:[.-][0-9]+)?"
)


def shard_workflow_id(shard: int) -> str:
    """The one workflow of a shard: `kindling-shard-3`."""
    return f"{SHARD_WORKFLOW_PREFIX}{shard}"


def follow_up_workflow_id(automation: str, enrollment_id: str, attempt: int = 1) -> str:
    """Of one follow-up: `<automation>.<enrollment>` for the first attempt, with `.2` behind it for the second."""
    suffix = "" if attempt == 1 else f".{attempt}"
    return f"{automation}.{enrollment_id}{suffix}"


def cohort_workflow_id(automation: str, cohort: str) -> str:
    """Of many follow-ups of one automation version that go on together: `<automation>.cohort.<id>`."""
    return f"{automation}{_COHORT}{cohort}"


def is_cohort(workflow_id: str) -> bool:
    """Whether a workflow may carry out others besides; no key of an automation has a dot."""
    return _COHORT in workflow_id


def enrollment_of(workflow_id: str) -> str | None:
    """The enrollment that a workflow carries out alone, whichever attempt and version of the product it is."""
    named = _OF_ENROLLMENT.fullmatch(workflow_id)
    return named[1] if named is not None else None


def publish_workflow_id(publication_id: str) -> str:
    """One publication of a profile: `publish-<publication>`."""
    return f"{PUBLISH_WORKFLOW_PREFIX}{publication_id}"


def bulk_workflow_id(job_id: str) -> str:
    """One bulk job: `bulk-<job>`."""
    return f"{BULK_WORKFLOW_PREFIX}{job_id}"


def follow_up_queue(task_queue: str) -> str:
    """The task queue of follow-ups, beside that of scoring: a burst of them must not hold scoring up."""
    return f"{task_queue}-follow-ups"


def cohort_queue(task_queue: str) -> str:
    """The task queue of cohorts, beside that of single follow-ups: many must not hold one up."""
    return f"{follow_up_queue(task_queue)}{COHORTS}"


KINDLING_AUTOMATION = SearchAttributeKey.for_keyword("KindlingAutomation")
KINDLING_VERSION = SearchAttributeKey.for_int("KindlingVersion")
KINDLING_RECORD = SearchAttributeKey.for_keyword("KindlingRecord")
KINDLING_RECORDS = SearchAttributeKey.for_keyword_list("KindlingRecords")
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
    SearchAttribute(
        KINDLING_RECORD,
        "Keyword",
        "Our id of the contact or deal of a single follow-up, never the caller's key",
    ),
    SearchAttribute(KINDLING_RECORDS, "KeywordList", "The same of everybody whose follow-up is among them"),
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
        follow_up_workflow_id("<automation>", "<enrollment>")
        + "[.<attempt>], "
        + cohort_workflow_id("<automation>", "<id>"),
        "Carries out the steps of one enrollment of one contact or deal, or of up to a hundred that began together",
    ),
    WorkflowType(
        PUBLISH_WORKFLOW,
        publish_workflow_id("<publication>"),
        "Re-scores every record after a profile was published",
    ),
    WorkflowType(
        BULK_WORKFLOW,
        bulk_workflow_id("<job>"),
        "Does one thing to many contacts, deals or tasks, slice by slice; cancelling it stops the job",
    ),
)
