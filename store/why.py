"""What became of matches, and the events that a trigger looked at."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from store.bulk import Bulk
from store.event_reads import EVENTS


def fates(connection: Connection, automation_id: int, origins: Collection[str]) -> dict[str, dict[str, Any]]:
    """By origin, the `enrollment` that was made, or the `reason` of a skip; neither where there was no match."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("origin", origins)
    found: dict[str, dict[str, Any]] = {}
    for origin, enrollment in bulk.rows(
        f"SELECT origin, id FROM enrollments WHERE automation_id = ? AND {test}", automation_id, parameter
    ):
        found[origin] = {"enrollment": enrollment, "reason": None}
    for origin, reason in bulk.rows(
        f"SELECT origin, reason FROM skips WHERE automation_id = ? AND {test}", automation_id, parameter
    ):
        found[origin] = {"enrollment": None, "reason": reason}
    return found


def events_of(
    connection: Connection, kind: str, record_id: int, event_type: str, limit: int
) -> list[RowMapping]:
    """Events of a type of a contact or deal, the newest first; those that scoring has not reached are left out."""
    query = (
        select(EVENTS)
        .where(EVENTS.c[f"{kind}_id"] == record_id, EVENTS.c.type == event_type, EVENTS.c.status != 0)
        .order_by(EVENTS.c.occurred_at.desc(), EVENTS.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(query).mappings())
