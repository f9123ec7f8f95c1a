"""Changing enrollments by hand. Their shard is locked."""

from sqlalchemy import Connection, delete, select, update

from conditions.times import Micros
from store.follow_ups import ENROLLMENTS, NOTIFICATIONS, OUTCOMES, end_enrollment


def cancel(connection: Connection, enrollment_id: str, now: Micros) -> None:
    """End it; its workflow has still to be told."""
    end_enrollment(connection, enrollment_id, "cancelled", now, "cancelled by hand")
    connection.execute(update(ENROLLMENTS).where(ENROLLMENTS.c.id == enrollment_id).values(closing=True))


def retry(connection: Connection, enrollment_id: str) -> None:
    """Queue it as its next attempt. A message that failed to go out is written anew; all else that is done stays."""
    failed = select(NOTIFICATIONS.c.path).where(
        NOTIFICATIONS.c.enrollment_id == enrollment_id, NOTIFICATIONS.c.status == "failed"
    )
    paths = list(connection.execute(failed).scalars())
    connection.execute(
        delete(OUTCOMES).where(OUTCOMES.c.enrollment_id == enrollment_id, OUTCOMES.c.path.in_(paths))
    )
    connection.execute(
        delete(NOTIFICATIONS).where(
            NOTIFICATIONS.c.enrollment_id == enrollment_id, NOTIFICATIONS.c.path.in_(paths)
        )
    )
    connection.execute(
        update(ENROLLMENTS)
        .where(ENROLLMENTS.c.id == enrollment_id)
        .values(
            status="queued",
            attempt=ENROLLMENTS.c.attempt + 1,
            finished_at=None,
            last_error=None,
            closing=False,
        )
    )
