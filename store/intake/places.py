"""Where records are: found by their keys, or made with the shard that their key says."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

from sqlalchemy import Connection

from conditions.fields import OPEN_DEAL
from conditions.times import Micros
from store.bulk import Bulk
from store.intake.internal_events import ONCE, InternalEvent, add_internal_events
from store.search import SEARCH_OF_CONTACT, SEARCH_OF_DEAL, contact_search, deal_search
from store.tables import Contact, Deal, table

_NOW: Mapping[str, Micros] = {}


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


def make_contact(connection: Connection, key: str, shards: int, now: Micros) -> bool:
    """Create a contact with its `contact.created` event; False when somebody else has meanwhile."""
    return _make_contacts(connection, [key], shards, now, silent=False)[1] == 1


def make_deal(connection: Connection, key: str, owner: Place, now: Micros) -> bool:
    """Create a deal with its `deal.created` event; False when somebody else has meanwhile."""
    return _make_deals(connection, {key: owner}, now, silent=False)[1] == 1


def ensure_contacts(
    connection: Connection,
    keys: Iterable[str],
    shards: int,
    now: Micros,
    *,
    silent: bool = False,
    emails: Mapping[str, str] | None = None,
    created: Mapping[str, Micros] = _NOW,
    emits: bool = True,
    brought_by: str | None = None,
) -> dict[str, Place]:
    """The contacts by key; unknown ones are created, each with its `contact.created` event.

    `emails`: their addresses, by key. `created`: when they were, if not now. `emits` false: without that event.
    `brought_by`: what brings them about, with others.
    """
    wanted = set(keys)
    known = find_contacts(connection, wanted)
    missing = sorted(wanted - known.keys())
    if missing:
        known |= _make_contacts(
            connection,
            missing,
            shards,
            now,
            silent=silent,
            emails=emails,
            created=created,
            emits=emits,
            brought_by=brought_by,
        )[0]
    return known


def _make_contacts(
    connection: Connection,
    keys: Sequence[str],
    shards: int,
    now: Micros,
    *,
    silent: bool,
    emails: Mapping[str, str] | None = None,
    created: Mapping[str, Micros] = _NOW,
    emits: bool = True,
    brought_by: str | None = None,
) -> tuple[dict[str, Place], int]:
    """The contacts by key, and how many of them this made."""
    made = Bulk(connection).insert(
        table(Contact),
        (
            *("key", "email", "shard", "tags", "dnd", "fields", "created_at", "updated_at", "touched"),
            *SEARCH_OF_CONTACT,
        ),
        [
            (
                *(key, email, shard_of(key, shards), "[]", "[]", "{}"),
                *(min(created.get(key, now), now), now, 0),
                *contact_search(key, email=email),
            )
            for key in keys
            for email in [emails.get(key) if emails else None]
        ],
        ONCE,
    )
    places = find_contacts(connection, keys)
    events = [
        InternalEvent(f"contact.created/{place.id}", "contact.created", place.id, None, place.shard, {})
        for place in places.values()
    ]
    if emits:
        add_internal_events(connection, events, now, silent=silent, brought_by=brought_by)
    return places, made


def ensure_deals(
    connection: Connection,
    owners: Mapping[str, Place],
    now: Micros,
    *,
    silent: bool = False,
    created: Mapping[str, Micros] = _NOW,
    emits: bool = True,
    brought_by: str | None = None,
) -> dict[str, Place]:
    """The deals by key; unknown ones are created for their contact, each with its `deal.created` event.

    `created` and `emits` as of contacts.
    """
    known = find_deals(connection, owners)
    missing = {key: owners[key] for key in sorted(owners.keys() - known.keys())}
    if missing:
        known |= _make_deals(
            connection, missing, now, silent=silent, created=created, emits=emits, brought_by=brought_by
        )[0]
    return known


def _make_deals(
    connection: Connection,
    owners: Mapping[str, Place],
    now: Micros,
    *,
    silent: bool,
    created: Mapping[str, Micros] = _NOW,
    emits: bool = True,
    brought_by: str | None = None,
) -> tuple[dict[str, Place], int]:
    """The deals by key, and how many of them this made."""
    made = Bulk(connection).insert(
        table(Deal),
        (
            *("key", "contact_id", "shard", "status", "fields", "created_at", "updated_at", "touched"),
            *SEARCH_OF_DEAL,
        ),
        [
            (
                *(key, owner.id, owner.shard, OPEN_DEAL, "{}"),
                *(min(created.get(key, now), now), now, 0),
                *deal_search(key),
            )
            for key, owner in owners.items()
        ],
        ONCE,
    )
    places = find_deals(connection, owners)
    events = [
        InternalEvent(f"deal.created/{place.id}", "deal.created", place.contact_id, place.id, place.shard, {})
        for place in places.values()
    ]
    if emits:
        add_internal_events(connection, events, now, silent=silent, brought_by=brought_by)
    return places, made
