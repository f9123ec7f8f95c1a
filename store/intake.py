"""Events in: the durable write behind `POST /v1/events`, imports and internal events."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zlib import crc32

from sqlalchemy import Connection

from conditions.times import Micros
from store.bulk import Bulk
from store.database import dump_json
from store.tables import Contact, Event, EventType, table

_EVENT_COLUMNS = (
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
_ONCE = "ON CONFLICT DO NOTHING"


class NewEvent(NamedTuple):
    """An event to be stored. `properties` is JSON text; a time ahead of the clock has been cut to it."""

    id: str
    type: str
    contact: str
    occurred_at: Micros
    properties: str
    silent: bool = False
    source: str | None = None


class Taken(NamedTuple):
    """`accepted` were stored, `duplicates` were known already; `shards` have new work."""

    accepted: int
    duplicates: int
    shards: frozenset[int]


def shard_of(key: str, shards: int) -> int:
    """The shard in which a contact of this key is created."""
    return crc32(key.encode()) % shards


def find_contacts(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
    """(id, shard) of the contacts that exist, by key."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("key", list(keys))
    return {
        row[0]: (row[1], row[2])
        for row in bulk.rows(f"SELECT key, id, shard FROM contacts WHERE {test}", parameter)
    }


def ensure_contacts(
    connection: Connection, keys: Iterable[str], shards: int, now: Micros, *, silent: bool = False
) -> dict[str, tuple[int, int]]:
    """(id, shard) by key; unknown contacts are created, each with its `contact.created` event."""
    wanted = set(keys)
    known = find_contacts(connection, wanted)
    missing = sorted(wanted - known.keys())
    if missing:
        bulk = Bulk(connection)
        bulk.insert(
            table(Contact),
            ("key", "shard", "tags", "dnd", "fields", "created_at", "updated_at", "touched"),
            [(key, shard_of(key, shards), "[]", "[]", "{}", now, now, 0) for key in missing],
            _ONCE,
        )
        created = find_contacts(connection, missing)
        add_internal_events(
            connection,
            [(contact_id, shard, "contact.created", {}) for contact_id, shard in created.values()],
            now,
            silent=silent,
            ids=[f"contact.created/{contact_id}" for contact_id, _ in created.values()],
        )
        known |= created
    return known


def take_events(connection: Connection, events: Sequence[NewEvent], shards: int, now: Micros) -> Taken:
    """Store events, each id once. The caller wakes `shards` after the commit."""
    silent = all(event.silent for event in events)
    contacts = ensure_contacts(connection, (event.contact for event in events), shards, now, silent=silent)
    rows = []
    for event in events:
        contact_id, shard = contacts[event.contact]
        rows.append(
            (
                event.id,
                contact_id,
                None,
                shard,
                event.type,
                event.occurred_at,
                now,
                event.properties,
                0,
                event.silent,
                0,
                event.source,
            )
        )
    rows.sort(key=lambda row: row[0])
    accepted = Bulk(connection).insert(table(Event), _EVENT_COLUMNS, rows, _ONCE)
    return Taken(accepted, len(rows) - accepted, frozenset(shard for _, shard in contacts.values()))


def add_internal_events(
    connection: Connection,
    events: Sequence[tuple[int, int, str, dict[str, object]]],
    now: Micros,
    *,
    ids: Sequence[str],
    depth: int = 0,
    silent: bool = False,
) -> None:
    """Store events that changes of records emit: (contact id, shard, type, properties).

    Their ids contain a `/`, which callers' ids may not, so nobody else can take or revoke them.
    """
    rows = [
        (
            event_id,
            contact_id,
            None,
            shard,
            event_type,
            now,
            now,
            dump_json(properties),
            0,
            silent,
            depth,
            None,
        )
        for event_id, (contact_id, shard, event_type, properties) in zip(ids, events, strict=True)
    ]
    Bulk(connection).insert(table(Event), _EVENT_COLUMNS, rows, _ONCE)
    remember_types(connection, {event_type for _, _, event_type, _ in events}, now)


def remember_types(connection: Connection, types: Iterable[str], now: Micros) -> None:
    """Note the event types ever seen."""
    Bulk(connection).insert(
        table(EventType), ("type", "first_seen_at"), [(name, now) for name in sorted(types)], _ONCE
    )
