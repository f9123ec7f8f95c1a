"""Recorded changes and events of some time, record by record, for looking back at triggers."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection

from conditions.times import Micros
from store.bulk import Bulk


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
    connection: Connection, event_type: str, since: Micros, after: tuple[int, int, str], limit: int
) -> list[PastEvent]:
    """Applied events of a type that arrived since a moment, by (contact, time, id), those after that key."""
    return [
        PastEvent(*row)
        for row in Bulk(connection).rows(
            f"SELECT {_EVENT} FROM events WHERE type = ? AND received_at >= ? AND status = 1 "
            "AND (contact_id, occurred_at, id) > (?, ?, ?) ORDER BY contact_id, occurred_at, id LIMIT ?",
            event_type,
            since,
            *after,
            limit,
        )
    ]


def events_named(connection: Connection, ids: Collection[str]) -> dict[str, PastEvent]:
    """Events among these ids."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    rows = bulk.rows(f"SELECT {_EVENT} FROM events WHERE {test}", parameter)
    return {row[0]: PastEvent(*row) for row in rows}


def enrolled_since(connection: Connection, automation_id: int, since: Micros) -> list[tuple[Any, ...]]:
    """(contact, deal, when) of an automation's enrollments since a moment."""
    return [
        tuple(row)
        for row in Bulk(connection).rows(
            "SELECT contact_id, deal_id, created_at FROM enrollments WHERE automation_id = ? AND created_at >= ?",
            automation_id,
            since,
        )
    ]


def skipped_since(connection: Connection, automation_id: int, since: Micros) -> dict[str, int]:
    """Skips of an automation since a moment, by reason."""
    rows = Bulk(connection).rows(
        "SELECT reason, count(*) FROM skips WHERE automation_id = ? AND at >= ? GROUP BY reason ORDER BY reason",
        automation_id,
        since,
    )
    return {row[0]: row[1] for row in rows}
