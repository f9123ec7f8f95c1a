"""How things stand: the words and numbers that the database, Temporal and the API share. Imports nothing of ours."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Literal, get_args


class EventStatus(IntEnum):
    """Where an event stands. It counts while it is applied, and until its revocation has been worked off.

    Adjustments are pending, applied or quarantined in the same way.
    """

    PENDING = 0
    APPLIED = 1
    QUARANTINED = 2
    REVOKED = 3
    REVOKING = 4
    REVOKING_SILENTLY = 5


EventStatusName = Literal["pending", "applied", "quarantined", "revoked"]
STATUS_NAMES: Mapping[int, EventStatusName] = {
    EventStatus.PENDING: "pending",
    EventStatus.APPLIED: "applied",
    EventStatus.QUARANTINED: "quarantined",
    EventStatus.REVOKED: "revoked",
    EventStatus.REVOKING: "revoked",
    EventStatus.REVOKING_SILENTLY: "revoked",
}
"""What callers read of the status of an event or an adjustment."""


class EnrollmentStatus(StrEnum):
    """How a follow-up stands; all but `queued` are values of the search attribute `KindlingOutcome`."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    EXITED = "exited"
    REPLACED = "replaced"
    CANCELLED = "cancelled"


#: In Temporal alone: the workflow of an attempt whose enrollment goes on as its next attempt.
RETRIED = "retried"


class PublicationStatus(StrEnum):
    """How far the re-scoring after a publish is; a newer publish, or unpublishing, takes over from one that runs."""

    RUNNING = "running"
    DONE = "done"
    SUPERSEDED = "superseded"


class BulkStatus(StrEnum):
    """How a bulk job stands."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class MessageStatus(StrEnum):
    """How a notification or a call of a webhook stands: sent is said of the one, delivered of the other."""

    RECORDED = "recorded"
    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    WITHHELD = "withheld"
    SKIPPED = "skipped"


OPEN = (EnrollmentStatus.QUEUED, EnrollmentStatus.RUNNING)
"""An enrollment that is not over."""
TaskStatus = Literal["open", "done", "cancelled"]
"""`cancelled`: what made it has been undone, or nobody is to do it any more."""
OPEN_TASK, DONE_TASK, CANCELLED_TASK = get_args(TaskStatus)
NotificationStatus = Literal[
    MessageStatus.RECORDED,
    MessageStatus.PENDING,
    MessageStatus.SENT,
    MessageStatus.FAILED,
    MessageStatus.WITHHELD,
    MessageStatus.SKIPPED,
]
WebhookStatus = Literal[
    MessageStatus.RECORDED,
    MessageStatus.PENDING,
    MessageStatus.DELIVERED,
    MessageStatus.FAILED,
    MessageStatus.SKIPPED,
]
BulkAction = Literal["tag", "untag", "owner", "stage", "adjust", "enroll", "reassign_tasks", "close_tasks"]
BulkKind = Literal["contact", "deal", "task"]
