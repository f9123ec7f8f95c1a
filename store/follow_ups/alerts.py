"""How many e-mails one recipient gets within an hour, and the digest of those that were held back."""

from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, text, update

from conditions.times import Micros, micros_of
from runtime.statuses import MessageStatus
from store import meta
from store.tables import Alert, Digest, table

ALERTS = table(Alert)
DIGESTS = table(Digest)
HOUR = micros_of("1h")
#: The class of the locks by which PostgreSQL lets one transaction at a time count for a recipient.
_LOCK = 5_346_254


def admit(
    connection: Connection, message_id: str, recipient: str, automation: str, now: Micros, most: int
) -> bool:
    """Whether a recipient gets one more e-mail within this hour.

    One that does counts from then on. One that does not is counted in the recipient's digest, which the first of them
    opens, due in an hour: with an id of its own, and with a place among the e-mails of the hour in which it is sent.
    """
    _alone(connection, recipient)
    own = ALERTS.c.recipient == recipient
    connection.execute(delete(ALERTS).where(own, ALERTS.c.at <= now - HOUR))
    used: int = connection.execute(select(func.count()).where(own)).scalar_one()
    if used < most:
        connection.execute(insert(ALERTS).values(id=message_id, recipient=recipient, at=now))
        return True
    digest = _counting(connection, recipient, now)
    if digest is not None:
        automations = digest["automations"] | {automation: digest["automations"].get(automation, 0) + 1}
        change(connection, digest["id"], held=digest["held"] + 1, automations=automations)
        return False
    due_at = now + HOUR
    connection.execute(insert(ALERTS).values(id=f"digest-{message_id}", recipient=recipient, at=due_at))
    connection.execute(
        insert(DIGESTS).values(
            id=f"digest-{message_id}",
            recipient=recipient,
            opened_at=now,
            due_at=due_at,
            held=1,
            automations={automation: 1},
            counting=True,
            targets=[],
            served=0,
            tries=0,
            status=MessageStatus.PENDING,
            next_at=due_at,
        )
    )
    return False


def _counting(connection: Connection, recipient: str, now: Micros) -> RowMapping | None:
    query = select(DIGESTS).where(
        DIGESTS.c.recipient == recipient, DIGESTS.c.due_at > now, DIGESTS.c.counting
    )
    return connection.execute(query).mappings().first()


def _alone(connection: Connection, recipient: str) -> None:
    """Become the only one that counts for a recipient until the transaction ends: shards are written side by side."""
    if connection.dialect.name != "sqlite":
        statement = text("SELECT pg_advisory_xact_lock(:kind, hashtext(:recipient))")
        connection.execute(statement, {"kind": _LOCK, "recipient": recipient})


def any_due(connection: Connection, now: Micros) -> bool:
    """Whether some digest is to be tried; none is while new starts are held."""
    return _next(connection, now) is not None


def claim(connection: Connection, now: Micros, until: Micros) -> RowMapping | None:
    """The next digest that is to be tried now, which counts no more; others leave it alone until that moment."""
    digest = _next(connection, now)
    if digest is None:
        return None
    _alone(connection, digest["recipient"])
    this = (DIGESTS.c.id == digest["id"], DIGESTS.c.next_at == digest["next_at"])
    taken = connection.execute(
        update(DIGESTS).where(*this, _UNSENT).values(next_at=until, counting=False)
    ).rowcount
    return find(connection, digest["id"]) if taken else None


_UNSENT = DIGESTS.c.status == MessageStatus.PENDING


def _next(connection: Connection, now: Micros) -> RowMapping | None:
    if meta.get_fact(connection, meta.HELD) is not None:
        return None
    query = select(DIGESTS).where(_UNSENT, DIGESTS.c.next_at <= now).order_by(DIGESTS.c.next_at).limit(1)
    return connection.execute(query).mappings().first()


def lost(connection: Connection, since: Micros) -> list[RowMapping]:
    """The digests due since a moment that nobody will get any more, the newest first."""
    query = select(DIGESTS).where(DIGESTS.c.status == MessageStatus.FAILED, DIGESTS.c.due_at >= since)
    return list(connection.execute(query.order_by(DIGESTS.c.due_at.desc())).mappings())


def find(connection: Connection, digest_id: str) -> RowMapping:
    query = select(DIGESTS).where(DIGESTS.c.id == digest_id)
    return connection.execute(query).mappings().one()


def change(connection: Connection, digest_id: str, **values: Any) -> None:
    connection.execute(update(DIGESTS).where(DIGESTS.c.id == digest_id).values(**values))
