"""What goes outside: notifications and webhooks, each with a status, how often it failed and why."""

from typing import Any

from sqlalchemy import Connection, RowMapping, Table, insert, select, update

from runtime.statuses import MessageStatus
from store.tables import Notification, Webhook, table

NOTIFICATIONS = table(Notification)
WEBHOOKS = table(Webhook)
#: One of the two; both have what this module reads and changes.
Kind = Table
KINDS: tuple[Kind, ...] = (NOTIFICATIONS, WEBHOOKS)


def add(connection: Connection, kind: Kind, **values: Any) -> None:
    connection.execute(insert(kind).values(**values))


def find(connection: Connection, kind: Kind, message_id: str) -> RowMapping | None:
    query = select(kind).where(kind.c.id == message_id)
    return connection.execute(query).mappings().one_or_none()


def of_enrollment(connection: Connection, enrollment_id: str) -> dict[str, RowMapping]:
    """`status` and `reason` of all messages of an enrollment, by the paths of their steps."""
    return {
        row["path"]: row
        for kind in KINDS
        for row in connection.execute(
            select(kind.c.path, kind.c.status, kind.c.reason).where(kind.c.enrollment_id == enrollment_id)
        ).mappings()
    }


def pending(connection: Connection, kind: Kind, message_id: str) -> RowMapping | None:
    """The message if it is still to be sent."""
    row = find(connection, kind, message_id)
    return row if row is not None and row["status"] == MessageStatus.PENDING else None


def change(connection: Connection, kind: Kind, message_id: str, **values: Any) -> None:
    connection.execute(update(kind).where(kind.c.id == message_id).values(**values))


def fail_pending(connection: Connection, enrollment_id: str, reason: str) -> None:
    """What the enrollment had still to send will not be sent."""
    for kind in KINDS:
        connection.execute(
            update(kind)
            .where(kind.c.enrollment_id == enrollment_id, kind.c.status == MessageStatus.PENDING)
            .values(status=MessageStatus.FAILED, reason=reason)
        )
