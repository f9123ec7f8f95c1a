"""Changing enrollments by hand. Their shard is locked."""

from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, select, update

from conditions.times import Micros
from runtime.statuses import OPEN, EnrollmentStatus, MessageStatus
from store.follow_ups import watching
from store.follow_ups.enrollments import ENROLLMENTS, OUTCOMES, add_outcome, end_enrollment, outcomes
from store.follow_ups.messages import MESSAGE_KINDS, NOTIFICATIONS, WEBHOOKS
from store.follow_ups.watching import WAITS


def cancel(
    connection: Connection, enrollment_id: str, now: Micros, reason: str = "cancelled by hand"
) -> None:
    """End it; its workflow has still to be told."""
    end_enrollment(connection, enrollment_id, EnrollmentStatus.CANCELLED, now, reason)
    connection.execute(update(ENROLLMENTS).where(ENROLLMENTS.c.id == enrollment_id).values(closing=True))


def retry(connection: Connection, row: RowMapping) -> None:
    """Queue it as its next attempt, from the step that failed. All that is done stays.

    A webhook is sent again as it was, and a message to those of its addresses that refused it, with the same id; one
    that nobody got is written anew.
    """
    here = row["id"], row["step"]
    connection.execute(
        update(WEBHOOKS)
        .where(*_of_step(WEBHOOKS, *here), WEBHOOKS.c.status == MessageStatus.FAILED)
        .values(status=MessageStatus.PENDING, reason=None)
    )
    failed = connection.execute(
        select(NOTIFICATIONS).where(
            *_of_step(NOTIFICATIONS, *here), NOTIFICATIONS.c.status == MessageStatus.FAILED
        )
    )
    for message in failed.mappings():
        this = NOTIFICATIONS.c.id == message["id"]
        if message["served"]:
            left = [*message["targets"], *message["refused"]]
            values = {"status": MessageStatus.PENDING, "reason": None, "targets": left, "refused": []}
            connection.execute(update(NOTIFICATIONS).where(this).values(values))
        else:
            connection.execute(delete(OUTCOMES).where(*_of_step(OUTCOMES, *here)))
            connection.execute(delete(NOTIFICATIONS).where(this))
    sent_anew = update(OUTCOMES).where(*_of_step(OUTCOMES, *here))
    connection.execute(sent_anew.values(attempt=row["attempt"] + 1))
    connection.execute(
        update(ENROLLMENTS)
        .where(ENROLLMENTS.c.id == row["id"])
        .values(
            status=EnrollmentStatus.QUEUED,
            attempt=ENROLLMENTS.c.attempt + 1,
            workflow_id=None,
            finished_at=None,
            last_error=None,
            tries=0,
            next_attempt_at=None,
            paused=False,
            closing=False,
        )
    )


def _of_step(table: Table, enrollment_id: str, path: str | None) -> tuple[Any, ...]:
    return table.c.enrollment_id == enrollment_id, table.c.path == path


def pause(connection: Connection, enrollment_id: str) -> None:
    """Let no further step begin; a wait that is over, and a try that is due, wait for `resume`."""
    this = update(ENROLLMENTS).where(ENROLLMENTS.c.id == enrollment_id)
    connection.execute(this.values(paused=True, next_attempt_at=None))


def resume(connection: Connection, enrollment_id: str) -> None:
    """Let it go on; its workflow has still to be told."""
    connection.execute(update(ENROLLMENTS).where(ENROLLMENTS.c.id == enrollment_id).values(paused=False))
    watching.wake(connection, enrollment_id)


def pause_all(connection: Connection, automation_id: int) -> int:
    """Pause every follow-up of an automation that is queued or runs; how many were not paused already."""
    query = update(ENROLLMENTS).where(
        ENROLLMENTS.c.automation_id == automation_id,
        ENROLLMENTS.c.status.in_(OPEN),
        ENROLLMENTS.c.paused.is_(False),
    )
    return connection.execute(query.values(paused=True, next_attempt_at=None)).rowcount


def resume_all(connection: Connection, automation_id: int) -> int:
    """Let every paused follow-up of an automation go on; how many were paused."""
    query = update(ENROLLMENTS).where(
        ENROLLMENTS.c.automation_id == automation_id,
        ENROLLMENTS.c.status.in_(OPEN),
        ENROLLMENTS.c.paused,
    )
    return connection.execute(query.values(paused=False, waking=ENROLLMENTS.c.waking + 1)).rowcount


def skip(connection: Connection, row: RowMapping, kind: str, branch: str | None, now: Micros) -> bool:
    """Pass over the step where an enrollment is; whether there is something to pass over.

    A wait ends, what it had to send is not sent, `branch` is the way of none, and anything else is left undone.
    """
    enrollment_id, path = row["id"], row["step"]
    waited = (WAITS.c.enrollment_id == enrollment_id, WAITS.c.path == path)
    known = outcomes(connection, enrollment_id, [path]).get(path)
    if known is None:
        result = {"skipped": True} | ({"branch": branch} if branch is not None else {})
        add_outcome(connection, enrollment_id, path, kind, result, row["attempt"], now)
        connection.execute(update(WAITS).where(*waited, WAITS.c.met_at.is_(None)).values(met_at=now))
    elif known["result"].get("until", 0) > now:
        connection.execute(update(WAITS).where(*waited).values(deadline_at=now))
        connection.execute(
            update(OUTCOMES)
            .where(*_of_step(OUTCOMES, enrollment_id, path))
            .values(result={**known["result"], "until": now, "skipped": True})
        )
    else:
        skipped = 0
        for messages in MESSAGE_KINDS:
            skipped += connection.execute(
                update(messages)
                .where(
                    messages.c.enrollment_id == enrollment_id,
                    messages.c.path == path,
                    messages.c.status.in_((MessageStatus.PENDING, MessageStatus.FAILED)),
                )
                .values(status=MessageStatus.SKIPPED, reason="skipped by hand")
            ).rowcount
        if not skipped:
            return False
        connection.execute(
            update(OUTCOMES)
            .where(*_of_step(OUTCOMES, enrollment_id, path))
            .values(result={**known["result"], "skipped": True})
        )
    if row["status"] in OPEN:
        watching.wake(connection, enrollment_id)
    else:
        retry(connection, row)
    return True
