"""The events that changes of records emit, and the columns and types that every stored event has."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from conditions.times import Micros
from runtime.statuses import EventStatus
from store.bulk import Bulk
from store.database import dump_json
from store.tables import Event, EventType, table

ONCE = "ON CONFLICT DO NOTHING"


class EventRow(NamedTuple):
    """An event as it is stored."""

    id: str
    contact_id: int
    deal_id: int | None
    shard: int
    type: str
    occurred_at: Micros
    received_at: Micros
    properties: str
    status: int
    silent: bool
    depth: int
    source: str | None
    brought_by: str | None = None


class InternalEvent(NamedTuple):
    """What a change of a record emits. Its id holds a `/`, which callers' ids may not."""

    id: str
    type: str
    contact_id: int
    deal_id: int | None
    shard: int
    properties: dict[str, object]


def add_internal_events(
    connection: Connection,
    events: Sequence[InternalEvent],
    now: Micros,
    *,
    depth: int = 0,
    silent: bool = False,
    brought_by: str | None = None,
) -> None:
    """Store events that changes of records emit. `brought_by`: what started the follow-up whose step did that."""
    rows = [
        EventRow(
            id=event.id,
            contact_id=event.contact_id,
            deal_id=event.deal_id,
            shard=event.shard,
            type=event.type,
            occurred_at=now,
            received_at=now,
            properties=dump_json(event.properties),
            status=EventStatus.PENDING.value,
            silent=silent,
            depth=depth,
            source=None,
            brought_by=brought_by,
        )
        for event in events
    ]
    add_events(connection, rows)
    remember_types(connection, {event.type for event in events}, now)


def add_events(connection: Connection, rows: Sequence[EventRow]) -> int:
    """Store events, each id once; how many were new."""
    return Bulk(connection).insert(table(Event), EventRow._fields, rows, ONCE)


def remember_types(connection: Connection, types: Iterable[str], now: Micros) -> None:
    """Note the event types ever seen."""
    Bulk(connection).insert(
        table(EventType), ("type", "first_seen_at"), [(name, now) for name in sorted(types)], ONCE
    )
