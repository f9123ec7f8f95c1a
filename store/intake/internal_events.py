"""The events that changes of records emit, and the columns and types that every stored event has."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from conditions.times import Micros
from store.bulk import Bulk
from store.database import dump_json
from store.tables import Event, EventType, table

EVENT_COLUMNS = (
    "id",
    "contact_id",
    "deal_id",
    "shard",
    "type",
    "occurred_at",
    "received_at",
    "properties",
    "status",
    "silent",
    "depth",
    "source",
)


ONCE = "ON CONFLICT DO NOTHING"


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
) -> None:
    """Store events that changes of records emit."""
    rows = [
        (
            event.id,
            event.contact_id,
            event.deal_id,
            event.shard,
            event.type,
            now,
            now,
            dump_json(event.properties),
            0,
            silent,
            depth,
            None,
        )
        for event in events
    ]
    Bulk(connection).insert(table(Event), EVENT_COLUMNS, rows, ONCE)
    remember_types(connection, {event.type for event in events}, now)


def remember_types(connection: Connection, types: Iterable[str], now: Micros) -> None:
    """Note the event types ever seen."""
    Bulk(connection).insert(
        table(EventType), ("type", "first_seen_at"), [(name, now) for name in sorted(types)], ONCE
    )
