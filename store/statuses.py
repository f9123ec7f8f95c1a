"""The statuses as SQL literals, since the indexes that are made for some of them know no parameters."""

from enum import IntEnum, StrEnum

from runtime.statuses import OPEN, BulkStatus, EnrollmentStatus, EventStatus, MessageStatus


def _literal(*statuses: IntEnum | StrEnum) -> str:
    return ", ".join(repr(status.value) for status in statuses)


PENDING = _literal(EventStatus.PENDING)
APPLIED = _literal(EventStatus.APPLIED)
QUARANTINED = _literal(EventStatus.QUARANTINED)
REVOKED = _literal(EventStatus.REVOKED)
COUNTING_STATUSES = (EventStatus.APPLIED, EventStatus.REVOKING, EventStatus.REVOKING_SILENTLY)
COUNTING = f"({_literal(*COUNTING_STATUSES)})"
NOT_REVOKED_STATUSES = (EventStatus.PENDING, EventStatus.APPLIED, EventStatus.QUARANTINED)
NOT_REVOKED = f"({_literal(*NOT_REVOKED_STATUSES)})"
#: The test of events whose points have still to be taken back, as the index of them has it.
BEING_REVOKED = f"status >= {EventStatus.REVOKING.value}"
#: The test of events that count no more, or will not for long.
IS_REVOKED = f"status >= {EventStatus.REVOKED.value}"
QUEUED = _literal(EnrollmentStatus.QUEUED)
RUNNING = _literal(EnrollmentStatus.RUNNING)
REPLACED = _literal(EnrollmentStatus.REPLACED)
CANCELLED = _literal(EnrollmentStatus.CANCELLED)
OPEN_LITERALS = f"({_literal(*OPEN)})"
BULK_RUNNING = _literal(BulkStatus.RUNNING)
UNSENT = _literal(MessageStatus.PENDING)
