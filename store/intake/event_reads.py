"""Events as people read them: lists, known types, and those in quarantine."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, select, text

from runtime.statuses import EventStatus
from store.bulk import Bulk
from store.database import A_FEW
from store.leftovers import OF_ERASED, becoming
from store.statuses import NOT_REVOKED_STATUSES, PENDING, QUARANTINED
from store.tables import Event, table

EVENTS = table(Event)
_NOT_ERASED = text(f"NOT events.{OF_ERASED}")


def event_by_id(connection: Connection, event_id: str) -> RowMapping | None:
    query = select(EVENTS).where(EVENTS.c.id == event_id, _NOT_ERASED)
    return connection.execute(query).mappings().one_or_none()


def list_events(
    connection: Connection,
    *,
    contact_id: int | None = None,
    deal_id: int | None = None,
    event_type: str | None = None,
    status: EventStatus | None = None,
    after: tuple[int, str] | None = None,
    limit: int,
) -> Iterable[RowMapping]:
    """Events, as they are read from the database, the newest by (occurred_at, id) first, those after that key."""
    tests: list[Any] = [_NOT_ERASED]
    if contact_id is not None:
        others = becoming(connection, contact_id)
        of_contact = EVENTS.c.contact_id
        tests.append(of_contact.in_([contact_id, *others]) if others else of_contact == contact_id)
    if deal_id is not None:
        tests.append(EVENTS.c.deal_id == deal_id)
    if event_type is not None:
        tests.append(EVENTS.c.type == event_type)
    if status is not None:
        tests.append(EVENTS.c.status == status.value)
    if after is not None:
        at, event_id = after
        tests.append((EVENTS.c.occurred_at < at) | and_(EVENTS.c.occurred_at == at, EVENTS.c.id < event_id))
    query = select(EVENTS).where(*tests).order_by(EVENTS.c.occurred_at.desc(), EVENTS.c.id.desc())
    return connection.execute(query.limit(limit)).yield_per(A_FEW).mappings()


def events_by_key(
    connection: Connection,
    *,
    contact_id: int | None,
    deal_id: int | None,
    event_type: str | None,
    internal: bool,
    after: str,
    limit: int,
) -> Iterable[RowMapping]:
    """Events that were not revoked, by id, those after that id. `internal`: with those of changes of records."""
    tests: list[Any] = [_NOT_ERASED, EVENTS.c.id > after, EVENTS.c.status.in_(NOT_REVOKED_STATUSES)]
    for column, wanted in (("contact_id", contact_id), ("deal_id", deal_id), ("type", event_type)):
        if wanted is not None:
            tests.append(EVENTS.c[column] == wanted)
    if not internal:
        tests.append(EVENTS.c.id.not_like("%/%"))
    query = select(EVENTS).where(*tests).order_by(EVENTS.c.id).limit(limit)
    return connection.execute(query).yield_per(A_FEW).mappings()


def event_types(connection: Connection, after: str, limit: int) -> list[tuple[str, int]]:
    """(type, first seen at) of the types ever seen, by type, those after `after`."""
    return [
        (row[0], row[1])
        for row in Bulk(connection).rows(
            "SELECT type, first_seen_at FROM event_types WHERE type > ? ORDER BY type LIMIT ?", after, limit
        )
    ]


def queue_again(connection: Connection, event_id: str) -> bool:
    """Make a quarantined event pending once more; False when none of that id is in quarantine."""
    return (
        Bulk(connection).run(
            f"UPDATE events SET status = {PENDING}, error = NULL WHERE id = ? AND status = {QUARANTINED}",
            event_id,
        )
        > 0
    )
