"""What goes outside: notifications and webhooks, each with a status, how often it failed and why."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, and_, or_, select, update

from conditions.times import Micros
from runtime.statuses import OPEN, MessageStatus
from store.tables import Enrollment, Notification, Webhook, table

_ENROLLMENTS = table(Enrollment)
NOTIFICATIONS = table(Notification)
WEBHOOKS = table(Webhook)
#: One of the two; both have what this module reads and changes.
Kind = Table
MESSAGE_KINDS: tuple[Kind, ...] = (NOTIFICATIONS, WEBHOOKS)


def find(connection: Connection, kind: Kind, message_id: str) -> RowMapping | None:
    query = select(kind).where(kind.c.id == message_id)
    return connection.execute(query).mappings().one_or_none()


def of_enrollments(
    connection: Connection, kind: Kind, enrollment_ids: Collection[str]
) -> dict[str, dict[str, dict[str, Any]]]:
    """All messages of a kind, by enrollment and id."""
    query = select(kind).where(kind.c.enrollment_id.in_(list(enrollment_ids)))
    by_enrollment: dict[str, dict[str, dict[str, Any]]] = {}
    for row in connection.execute(query).mappings():
        by_enrollment.setdefault(row["enrollment_id"], {})[row["id"]] = dict(row)
    return by_enrollment


def of_enrollment(connection: Connection, enrollment_id: str) -> dict[str, RowMapping]:
    """`status` and `reason` of all messages of an enrollment, by the paths of their steps."""
    return {
        row["path"]: row
        for kind in MESSAGE_KINDS
        for row in connection.execute(
            select(kind.c.path, kind.c.status, kind.c.reason).where(kind.c.enrollment_id == enrollment_id)
        ).mappings()
    }


def pending(connection: Connection, kind: Kind, message_id: str) -> RowMapping | None:
    """The message if it is still to be sent."""
    row = find(connection, kind, message_id)
    return row if row is not None and row["status"] == MessageStatus.PENDING else None


def due(connection: Connection, workflow_id: str, now: Micros, most: int) -> list[tuple[Kind, str]]:
    """What those whom a workflow carries out have to send now, at the step where they are: kind and id."""
    due_now: list[tuple[Kind, str]] = []
    for kind in MESSAGE_KINDS:
        query = (
            select(kind.c.id)
            .join(
                _ENROLLMENTS,
                and_(_ENROLLMENTS.c.id == kind.c.enrollment_id, _ENROLLMENTS.c.step == kind.c.path),
            )
            .where(
                _ENROLLMENTS.c.workflow_id == workflow_id,
                _ENROLLMENTS.c.status.in_(OPEN),
                _ENROLLMENTS.c.paused.is_(False),
                or_(_ENROLLMENTS.c.next_attempt_at.is_(None), _ENROLLMENTS.c.next_attempt_at <= now),
                kind.c.status == MessageStatus.PENDING,
            )
            .order_by(kind.c.id)
            .limit(most - len(due_now))
        )
        due_now += [(kind, message_id) for message_id in connection.execute(query).scalars()]
    return due_now


def change(connection: Connection, kind: Kind, message_id: str, **values: Any) -> None:
    connection.execute(update(kind).where(kind.c.id == message_id).values(**values))


def fail_pending(connection: Connection, enrollment_id: str, reason: str) -> None:
    """What the enrollment had still to send will not be sent."""
    for kind in MESSAGE_KINDS:
        connection.execute(
            update(kind)
            .where(kind.c.enrollment_id == enrollment_id, kind.c.status == MessageStatus.PENDING)
            .values(status=MessageStatus.FAILED, reason=reason)
        )
