"""Events that came in: lists, their types, and one as callers see it."""

from collections.abc import Mapping
from typing import Any

import orjson

from runtime.statuses import EventStatus
from services import cursors
from services.follow_ups.listing import ids_of, keys_of
from services.records.scores import iso
from services.resources import NotFound, Resources
from store.connection import Connection, RowMapping
from store.intake import event_reads


class EventHistory:
    """Reads what has come in."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def events(
        self, *, contact: str | None, deal: str | None, event_type: str | None, cursor: str | None, limit: int
    ) -> dict[str, Any]:
        """Events of a contact, a deal, a type, or all; the newest by `occurred_at` first."""
        with self._resources.database.read() as connection:
            ids = ids_of(connection, contact, deal)
            return list_events(connection, cursor, limit, **ids, event_type=event_type)

    def event_types(self, *, cursor: str | None, limit: int) -> dict[str, Any]:
        """The event types ever seen."""
        key = cursors.decode(cursor, "event-types", (str,))
        with self._resources.database.read() as connection:
            found = event_reads.event_types(connection, key[0] if key else "", limit + 1)
        rows, following = cursors.cut(found, limit, "event-types", lambda row: [row[0]])
        return cursors.page([{"type": name, "first_seen_at": iso(at)} for name, at in rows], following)


def find_event(connection: Connection, event_id: str) -> RowMapping:
    """The event's row; raises NotFound."""
    row = event_reads.event_by_id(connection, event_id)
    if row is None:
        raise NotFound(f'there is no event "{event_id}"; GET /v1/events lists them')
    return row


_REVOKED = (EventStatus.REVOKED, EventStatus.REVOKING, EventStatus.REVOKING_SILENTLY)


def event_json(
    row: RowMapping, contact_keys: Mapping[int, str], deal_keys: Mapping[int, str]
) -> dict[str, Any]:
    """An event as the API shows it; properties that are no JSON are shown as they are stored."""
    try:
        properties = orjson.loads(row["properties"])
    except orjson.JSONDecodeError:
        properties = row["properties"]
    return {
        "id": row["id"],
        "type": row["type"],
        "contact": contact_keys.get(row["contact_id"]),
        "deal": deal_keys.get(row["deal_id"]),
        "occurred_at": iso(row["occurred_at"]),
        "received_at": iso(row["received_at"]),
        "properties": properties,
        "status": "revoked" if row["status"] in _REVOKED else EventStatus(row["status"]).name.lower(),
        "error": row["error"],
    }


def list_events(connection: Connection, cursor: str | None, limit: int, **filters: Any) -> dict[str, Any]:
    """A page of events that the filters of the store choose, the newest first."""
    key = cursors.decode(cursor, "events", (int, str))
    after = (key[0], key[1]) if key else None
    found = event_reads.list_events(connection, **filters, after=after, limit=limit + 1)
    rows, following = cursors.cut(found, limit, "events", lambda row: [row["occurred_at"], row["id"]])
    keys = keys_of(connection, rows)
    return cursors.page([event_json(row, *keys) for row in rows], following)
