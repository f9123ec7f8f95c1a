"""Events in: the durable write behind `POST /v1/events`, imports and internal events."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import Connection

from conditions.times import Micros
from runtime.statuses import EventStatus
from store.bulk import Bulk
from store.database import dump_json
from store.intake.known import Sent, difference, known_events
from store.tables import Contact, Deal, Event, EventType, table

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
    """An event to be stored, of a contact, a deal, or both, by their keys.

    `properties` is JSON text; a time ahead of the clock has been cut to it.
    """

    id: str
    type: str
    contact: str | None
    occurred_at: Micros
    properties: str
    silent: bool = False
    source: str | None = None
    deal: str | None = None


class Taken(NamedTuple):
    """`accepted` were stored, `duplicates` were known already; `shards` have new work.

    By place, with the reason: `rejected`, events whose deal is not there or is another contact's; `conflicts`, events
    whose id stands for something else.
    """

    accepted: int
    duplicates: int
    shards: frozenset[int]
    rejected: dict[int, str]
    conflicts: dict[int, str]


class InternalEvent(NamedTuple):
    """What a change of a record emits. Its id holds a `/`, which callers' ids may not."""

    id: str
    type: str
    contact_id: int
    deal_id: int | None
    shard: int
    properties: dict[str, object]


class Place(NamedTuple):
    """Where a record is: its id, its contact's id (itself, or the deal's) and its shard."""

    id: int
    contact_id: int
    shard: int


def shard_of(key: str, shards: int) -> int:
    """The shard in which a contact of this key is created."""
    return crc32(key.encode()) % shards


def find_contacts(connection: Connection, keys: Iterable[str]) -> dict[str, Place]:
    """The contacts that exist, by key; the key of a merged contact finds the one that took over."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("key", list(keys))
    return {
        row[0]: Place(row[1], row[1], row[2])
        for row in bulk.rows(
            f"SELECT key, coalesce(merged_into, id), shard FROM contacts WHERE {test}", parameter
        )
    }


def find_deals(connection: Connection, keys: Iterable[str]) -> dict[str, Place]:
    """The deals that exist, by key."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("key", list(keys))
    return {
        row[0]: Place(*row[1:])
        for row in bulk.rows(f"SELECT key, id, contact_id, shard FROM deals WHERE {test}", parameter)
    }


def ensure_contacts(
    connection: Connection, keys: Iterable[str], shards: int, now: Micros, *, silent: bool = False
) -> dict[str, Place]:
    """The contacts by key; unknown ones are created, each with its `contact.created` event."""
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
            [
                InternalEvent(
                    f"contact.created/{found.id}", "contact.created", found.id, None, found.shard, {}
                )
                for found in created.values()
            ],
            now,
            silent=silent,
        )
        known |= created
    return known


def ensure_deals(
    connection: Connection, owners: Mapping[str, Place], now: Micros, *, silent: bool = False
) -> dict[str, Place]:
    """The deals by key; unknown ones are created for their contact, each with its `deal.created` event."""
    known = find_deals(connection, owners)
    missing = sorted(owners.keys() - known.keys())
    if missing:
        Bulk(connection).insert(
            table(Deal),
            ("key", "contact_id", "shard", "status", "fields", "created_at", "updated_at", "touched"),
            [(key, owners[key].id, owners[key].shard, "open", "{}", now, now, 0) for key in missing],
            _ONCE,
        )
        created = find_deals(connection, missing)
        add_internal_events(
            connection,
            [
                InternalEvent(
                    f"deal.created/{found.id}", "deal.created", found.contact_id, found.id, found.shard, {}
                )
                for found in created.values()
            ],
            now,
            silent=silent,
        )
        known |= created
    return known


def take_events(connection: Connection, events: Sequence[NewEvent], shards: int, now: Micros) -> Taken:
    """Store events, each id once; what is known changes nothing. The caller wakes `shards` after the commit."""
    silent = all(event.silent for event in events)
    known = known_events(connection, [event.id for event in events])
    arriving = [(index, event) for index, event in enumerate(events) if event.id not in known]
    rejected: dict[int, str] = {}
    deals: dict[str, Place] = {}
    owner_keys: dict[str, str] = {}
    of_deals = [(index, event) for index, event in arriving if event.deal is not None]
    if of_deals:
        deals = find_deals(connection, {event.deal for _, event in of_deals if event.deal is not None})
        rejected, owner_keys = _misplaced(connection, of_deals, deals)
    first: dict[str, int] = {}
    for index, event in arriving:
        if index not in rejected:
            first.setdefault(event.id, index)
    new = {index: events[index] for index in first.values()}
    made = {event.deal for event in new.values() if event.deal is not None and event.deal not in deals}
    owner_keys = {deal: contact for deal, contact in owner_keys.items() if deal in made}
    named = {event.contact for event in new.values() if event.contact} | {*owner_keys.values()}
    contacts = ensure_contacts(connection, named, shards, now, silent=silent) if named else {}
    if owner_keys:
        owners = {deal: contacts[contact] for deal, contact in owner_keys.items()}
        deals |= ensure_deals(connection, owners, now, silent=silent)
    rows = [_row(event, contacts, deals, now) for event in new.values()]
    rows.sort(key=lambda row: row[0])
    accepted = Bulk(connection).insert(table(Event), _EVENT_COLUMNS, rows, _ONCE)
    touched = frozenset(row[_EVENT_COLUMNS.index("shard")] for row in rows)
    again = [index for index in range(len(events)) if index not in new and index not in rejected]
    if accepted < len(rows):  # somebody else has stored some of them meanwhile
        again += new
    conflicts = _conflicts(connection, {index: events[index] for index in again}) if again else {}
    duplicates = len(events) - len(rejected) - len(conflicts) - accepted
    return Taken(accepted, duplicates, touched, rejected, conflicts)


def _row(
    event: NewEvent, contacts: Mapping[str, Place], deals: Mapping[str, Place], now: Micros
) -> tuple[Any, ...]:
    """The event as it is stored, in the order of the columns."""
    place = deals[event.deal] if event.deal is not None else contacts[event.contact or ""]
    return (
        event.id,
        place.contact_id,
        place.id if event.deal is not None else None,
        place.shard,
        event.type,
        event.occurred_at,
        now,
        event.properties,
        EventStatus.PENDING.value,
        event.silent,
        0,
        event.source,
    )


def _conflicts(connection: Connection, events: Mapping[int, NewEvent]) -> dict[int, str]:
    """Those of the events, whose ids are known by now, that differ from what their id stands for."""
    known = known_events(connection, {event.id for event in events.values()})
    contacts = find_contacts(connection, {event.contact for event in events.values() if event.contact})
    deals = find_deals(connection, {event.deal for event in events.values() if event.deal})
    conflicts = {}
    for index, event in events.items():
        contact, deal = contacts.get(event.contact or ""), deals.get(event.deal or "")
        sent = Sent(
            names_contact=event.contact is not None,
            contact_id=contact.id if contact else None,
            names_deal=event.deal is not None,
            deal_id=deal.id if deal else None,
            type=event.type,
            properties=event.properties,
        )
        if event.id in known and (other := difference(known[event.id], sent)) is not None:
            conflicts[index] = (
                f'the id "{event.id}" is known, of an event with {other}; give it an id of its own'
            )
    return conflicts


def _misplaced(
    connection: Connection, events: Iterable[tuple[int, NewEvent]], deals: Mapping[str, Place]
) -> tuple[dict[int, str], dict[str, str]]:
    """Events whose deal is another contact's, or not there with no contact to create it for.

    And the deals to be created, each with the key of its contact: the one that its first event names.
    """
    found = list(events)
    contacts = find_contacts(connection, {event.contact for _, event in found if event.contact})
    owners: dict[str, str] = {}
    for _, event in found:
        if event.deal is not None and event.contact is not None and event.deal not in deals:
            owners.setdefault(event.deal, event.contact)
    rejected: dict[int, str] = {}
    for index, event in found:
        key = event.deal or ""
        if key not in deals and key not in owners:
            rejected[index] = f'there is no deal "{key}"; name the contact too, or create the deal'
        elif event.contact is not None:
            place = contacts.get(event.contact)
            owner = contacts.get(owners.get(key, ""))
            owner_id = deals[key].contact_id if key in deals else owner.id if owner else None
            same = (
                place.id == owner_id if place and owner_id is not None else owners.get(key) == event.contact
            )
            if not same:
                rejected[index] = (
                    f'the deal "{key}" is not of the contact "{event.contact}"; leave the contact out, or name '
                    "the deal's own"
                )
    return rejected, owners


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
    Bulk(connection).insert(table(Event), _EVENT_COLUMNS, rows, _ONCE)
    remember_types(connection, {event.type for event in events}, now)


def remember_types(connection: Connection, types: Iterable[str], now: Micros) -> None:
    """Note the event types ever seen."""
    Bulk(connection).insert(
        table(EventType), ("type", "first_seen_at"), [(name, now) for name in sorted(types)], _ONCE
    )
