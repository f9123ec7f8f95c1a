"""Recorded changes and events of some time, record by record, for looking back at triggers."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection

from conditions.times import Micros
from store.bulk import Bulk
from store.leftovers import OF_ERASED
from store.statuses import APPLIED


class PastChange(NamedTuple):
    record_id: int
    seq: int
    version: int
    previous: int | None
    current: int | None
    cause: str
    cause_id: str
    at: Micros
    silent: bool
    depth: int


class PastEvent(NamedTuple):
    id: str
    contact_id: int
    deal_id: int | None
    type: str
    occurred_at: Micros
    received_at: Micros
    properties: str
    silent: bool
    depth: int


_EVENT = ", ".join(PastEvent._fields)


def changes_since(
    connection: Connection, profile_id: int, since: Micros, after: tuple[int, int], limit: int
) -> list[PastChange]:
    """Changes of all scores of a profile since a moment, by (record, number), those after that key."""
    return [
        PastChange(*row)
        for row in Bulk(connection).rows(
            f"SELECT {', '.join(PastChange._fields)} FROM changes WHERE profile_id = ? AND at >= ? "
            "AND (record_id, seq) > (?, ?) ORDER BY record_id, seq LIMIT ?",
            profile_id,
            since,
            *after,
            limit,
        )
    ]


def events_since(
    connection: Connection, event_type: str, since: Micros, after: int, limit: int
) -> tuple[list[PastEvent], bool]:
    """Applied events of a type that arrived since a moment, of the contacts above `after`, in the order of arrival.

    All of a contact's events, so it may be more than `limit` when one contact has more; and whether there are others.
    """
    bulk = Bulk(connection)
    while True:
        page = bulk.rows(
            f"SELECT {_EVENT} FROM events WHERE type = ? AND received_at >= ? AND status = {APPLIED} "
            f"AND contact_id > ? AND NOT {OF_ERASED} ORDER BY contact_id, occurred_at, id LIMIT ?",
            event_type,
            since,
            after,
            limit,
        )
        events = [PastEvent(*row) for row in page]
        more = len(events) == limit
        if more:
            events = [event for event in events if event.contact_id != events[-1].contact_id]
        if events or not more:
            return sorted(events, key=lambda e: (e.contact_id, e.received_at, e.occurred_at, e.id)), more
        limit *= 4


def events_named(connection: Connection, ids: Collection[str]) -> dict[str, PastEvent]:
    """Events among these ids."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    events = bulk.rows(f"SELECT {_EVENT} FROM events WHERE {test}", parameter)
    return {row[0]: PastEvent(*row) for row in events}


def enrolled_since(connection: Connection, automation_id: int, since: Micros) -> list[tuple[Any, ...]]:
    """(contact, deal, when) of an automation's enrollments since a moment, those by hand and by `start` aside."""
    return [
        tuple(row)
        for row in Bulk(connection).rows(
            "SELECT contact_id, deal_id, created_at FROM enrollments WHERE automation_id = ? AND created_at >= ? "
            "AND cause NOT IN ('manual', 'start')",
            automation_id,
            since,
        )
    ]


def skipped_since(connection: Connection, automation_id: int, since: Micros) -> dict[str, int]:
    """Skips of an automation since a moment, by reason."""
    counts = Bulk(connection).rows(
        "SELECT reason, count(*) FROM skips WHERE automation_id = ? AND at >= ? "
        "AND origin NOT LIKE ? AND origin NOT LIKE ? GROUP BY reason ORDER BY reason",
        automation_id,
        since,
        "enroll:%",
        "start:%",
    )
    return {row[0]: row[1] for row in counts}
