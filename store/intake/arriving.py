"""Events in: the durable write behind `POST /v1/events`, imports and internal events."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import Connection

from conditions.times import Micros
from runtime.beginnings import of_import
from runtime.statuses import EventStatus
from store.intake import suppressed as suppressing
from store.intake.internal_events import EventRow, add_events
from store.intake.known import Sent, difference, known_events
from store.intake.places import Place, ensure_contacts, ensure_deals, find_contacts, find_deals
from store.leftovers import make_room


class NewEvent(NamedTuple):
    """An event to be stored, of a contact, a deal, or both, by their keys.

    `properties` is JSON text; a time ahead of the clock has been cut to it. `depth`: how many follow-ups led here.
    """

    id: str
    type: str
    contact: str | None
    occurred_at: Micros
    properties: str
    silent: bool = False
    source: str | None = None
    deal: str | None = None
    depth: int = 0
    brought_by: str | None = None


class Taken(NamedTuple):
    """`accepted` were stored, `duplicates` were known already; `shards` have new work.

    By place, with the reason: `rejected`, events whose deal is not there or is another contact's; `conflicts`, events
    whose id stands for something else. `suppressed`: the places of events of those who were erased for good.
    """

    accepted: int
    duplicates: int
    shards: frozenset[int]
    rejected: dict[int, str]
    conflicts: dict[int, str]
    suppressed: frozenset[int]


def take_events(
    connection: Connection,
    events: Sequence[NewEvent],
    shards: int,
    now: Micros,
    emails: Mapping[str, str] | None = None,
) -> Taken:
    """Store events, each id once; what is known changes nothing. The caller wakes `shards` after the commit.

    `emails`: addresses by the keys of contacts, for those that are created.
    """
    suppressed = suppressing.hold_back(connection, [event.contact for event in events], now, emails)
    silent = all(event.silent for event in events)
    make_room(connection, [event.id for event in events])
    new, rejected, deals, owner_keys = _arriving(connection, events, suppressed)
    made = {event.deal for event in new.values() if event.deal is not None and event.deal not in deals}
    owner_keys = {deal: contact for deal, contact in owner_keys.items() if deal in made}
    named = {event.contact for event in new.values() if event.contact} | {*owner_keys.values()}
    contacts = (
        ensure_contacts(
            connection, named, shards, now, silent=silent, emails=emails, brought_by=_brought_by(events)
        )
        if named
        else {}
    )
    if owner_keys:
        owners = {deal: contacts[contact] for deal, contact in owner_keys.items()}
        deals |= ensure_deals(connection, owners, now, silent=silent, brought_by=_brought_by(events))
    rows = [_row(event, contacts, deals, now) for event in new.values()]
    rows.sort(key=lambda row: row.id)
    accepted = add_events(connection, rows)
    touched = frozenset(row.shard for row in rows)
    again = [
        index
        for index in range(len(events))
        if not (index in new or index in rejected or index in suppressed)
    ]
    if accepted < len(rows):  # somebody else has stored some of them meanwhile
        again += new
    conflicts = _conflicts(connection, {index: events[index] for index in again}) if again else {}
    duplicates = len(events) - len(rejected) - len(conflicts) - len(suppressed) - accepted
    return Taken(accepted, duplicates, touched, rejected, conflicts, suppressed)


class Foreseen(NamedTuple):
    """What would be `taken`, the places of what is `new`, and by key the contacts of deals that would be made."""

    taken: Taken
    new: Collection[int]
    owner_keys: dict[str, str]


def foresee_events(
    connection: Connection,
    events: Sequence[NewEvent],
    emails: Mapping[str, str],
    owner_keys: Mapping[str, str],
) -> Foreseen:
    """What `take_events` would make of events, no two of which have the same id. Writes nothing.

    `owner_keys`: of deals that would be made by then, the key of their contact.
    """
    suppressed = frozenset(suppressing.held_back(connection, [event.contact for event in events], emails))
    new, rejected, _, made = _arriving(connection, events, suppressed, owner_keys)
    again = {
        index: event
        for index, event in enumerate(events)
        if not (index in new or index in rejected or index in suppressed)
    }
    conflicts = _conflicts(connection, again) if again else {}
    duplicates = len(again) - len(conflicts)
    taken = Taken(len(new), duplicates, frozenset(), rejected, conflicts, suppressed)
    return Foreseen(taken, new.keys(), made)


class _Arriving(NamedTuple):
    """`new`, by place, the first of each id that is not known. `rejected`: see Taken. `deals` that are there, by key.

    `owner_keys`: of those that are to be created, the key of their contact.
    """

    new: dict[int, NewEvent]
    rejected: dict[int, str]
    deals: dict[str, Place]
    owner_keys: dict[str, str]


def _arriving(
    connection: Connection,
    events: Sequence[NewEvent],
    suppressed: frozenset[int],
    made_before: Mapping[str, str] = MappingProxyType({}),
) -> _Arriving:
    """What of the events is new. `made_before`: deals that are taken to be there, each with its contact's key."""
    known = known_events(connection, [event.id for event in events])
    arriving = [
        (index, event)
        for index, event in enumerate(events)
        if event.id not in known and index not in suppressed
    ]
    rejected: dict[int, str] = {}
    deals: dict[str, Place] = {}
    owner_keys: dict[str, str] = {}
    of_deals = [(index, event) for index, event in arriving if event.deal is not None]
    if of_deals:
        deals = find_deals(connection, {event.deal for _, event in of_deals if event.deal is not None})
        rejected, owner_keys = _misplaced(connection, of_deals, deals, made_before)
    first: dict[str, int] = {}
    for index, event in arriving:
        if index not in rejected:
            first.setdefault(event.id, index)
    return _Arriving({index: events[index] for index in first.values()}, rejected, deals, owner_keys)


def _brought_by(events: Sequence[NewEvent]) -> str | None:
    """What brings these events about, which come together, and the records that are made for them."""
    first = events[0]
    return of_import(first.source) if first.source is not None else first.brought_by


def _row(event: NewEvent, contacts: Mapping[str, Place], deals: Mapping[str, Place], now: Micros) -> EventRow:
    """The event as it is stored."""
    place = deals[event.deal] if event.deal is not None else contacts[event.contact or ""]
    return EventRow(
        id=event.id,
        contact_id=place.contact_id,
        deal_id=place.id if event.deal is not None else None,
        shard=place.shard,
        type=event.type,
        occurred_at=event.occurred_at,
        received_at=now,
        properties=event.properties,
        status=EventStatus.PENDING.value,
        silent=event.silent,
        depth=event.depth,
        source=event.source,
        brought_by=event.brought_by,
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
    connection: Connection,
    events: Sequence[tuple[int, NewEvent]],
    deals: Mapping[str, Place],
    made_before: Mapping[str, str],
) -> tuple[dict[int, str], dict[str, str]]:
    """Events whose deal is another contact's, or not there with no contact to create it for.

    And the deals to be created, each with the key of its contact: the one that its first event names.
    """
    contacts = find_contacts(connection, {event.contact for _, event in events if event.contact})
    owners = dict(made_before)
    for _, event in events:
        if event.deal is not None and event.contact is not None and event.deal not in deals:
            owners.setdefault(event.deal, event.contact)
    rejected: dict[int, str] = {}
    for index, event in events:
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
