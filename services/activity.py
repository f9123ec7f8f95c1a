"""What happened: events, their types, the quarantine, and the timeline of a record."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from services import cursors
from services.follow_ups import enrollment_json, ids_of, keys_of, notification_json, task_json
from services.records import Kind, find_record
from services.resources import Conflict, NotFound, Resources
from services.scores import changes_json, iso
from store import event_reads
from store import timeline as moments
from store.connection import Connection, RowMapping
from store.tables import EventStatus


class Activity:
    """Reads what is known to have happened."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def events(
        self, *, contact: str | None, deal: str | None, event_type: str | None, cursor: str | None, limit: int
    ) -> dict[str, Any]:
        """Events of a contact, a deal, a type, or all; the newest by `occurred_at` first."""
        with self._resources.database.read() as connection:
            ids = ids_of(connection, contact, deal)
            if ids is None:
                return cursors.page([], None)
            return _events(connection, cursor, limit, **ids, event_type=event_type)

    def quarantine(self, *, cursor: str | None, limit: int) -> dict[str, Any]:
        """Events that scoring set aside, each with its `error`."""
        with self._resources.database.read() as connection:
            return _events(connection, cursor, limit, status=EventStatus.QUARANTINED)

    def retry(self, event_id: str) -> dict[str, Any]:
        """Queue a quarantined event again."""
        with self._resources.database.read() as connection:
            row = find_event(connection, event_id)
        shard = row["shard"]

        def work(connection: Connection) -> RowMapping:
            if not event_reads.queue_again(connection, event_id):
                status = EventStatus(row["status"]).name.lower()
                raise Conflict(f'event "{event_id}" is not in quarantine; it is {status}')
            return find_event(connection, event_id)

        after = self._resources.database.run(work, [shard])
        self._resources.wakes.request([shard])
        with self._resources.database.read() as connection:
            return event_json(after, *keys_of(connection, [after]))

    def event_types(self, *, cursor: str | None, limit: int) -> dict[str, Any]:
        """The event types ever seen."""
        key = cursors.decode(cursor, "event-types", (str,))
        with self._resources.database.read() as connection:
            found = event_reads.event_types(connection, key[0] if key else "", limit + 1)
        following = cursors.encode("event-types", [found[limit - 1][0]]) if len(found) > limit else None
        return cursors.page(
            [{"type": name, "first_seen_at": iso(at)} for name, at in found[:limit]], following
        )

    def timeline(self, kind: Kind, key: str, *, cursor: str | None, limit: int) -> dict[str, Any]:
        """Everything that happened to a contact or deal, the newest first."""
        position = cursors.decode(cursor, "timeline", (int, int, str))
        after = _position(position) if position else None
        with self._resources.database.read() as connection:
            record = find_record(connection, kind, key)
            found = moments.timeline(connection, kind, record["id"], after, limit + 1)
            last = found[limit - 1] if len(found) > limit else None
            following = cursors.encode("timeline", [last.at, last.rank, str(last.id)]) if last else None
            return cursors.page(self._moments(connection, found[:limit]), following)

    def _moments(self, connection: Connection, found: list[moments.Moment]) -> list[dict[str, Any]]:
        changes = [moment.row for moment in found if moment.kind == "change"]
        told = iter(changes_json(connection, changes))
        keys = keys_of(connection, [moment.row for moment in found if moment.kind != "change"])
        shown: list[dict[str, Any]] = []
        for moment in found:
            row = moment.row
            if moment.kind == "change":
                thing = {"profile": row["profile"], **next(told)}
            elif moment.kind == "event":
                thing = event_json(row, *keys)
            elif moment.kind == "enrollment":
                thing = enrollment_json(row, *keys, self._resources.settings)
            else:
                thing = (task_json if moment.kind == "task" else notification_json)(row, *keys)
            shown.append({"kind": moment.kind, "at": iso(moment.at), moment.kind: thing})
        return shown


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


def _events(connection: Connection, cursor: str | None, limit: int, **filters: Any) -> dict[str, Any]:
    key = cursors.decode(cursor, "events", (int, str))
    after = (key[0], key[1]) if key else None
    rows = event_reads.list_events(connection, **filters, after=after, limit=limit + 1)
    keys = keys_of(connection, rows)
    last = rows[limit - 1] if len(rows) > limit else None
    following = cursors.encode("events", [last["occurred_at"], last["id"]]) if last else None
    return cursors.page([event_json(row, *keys) for row in rows[:limit]], following)


def _position(key: list[Any]) -> moments.Position:
    """The place in a cursor; raises BadParameter for one that is not of this list."""
    at, rank, row_id = key
    if not 0 <= rank < len(moments.KINDS):
        raise cursors.wrong()
    if moments.KINDS[rank] != "change":
        return moments.Position(at, rank, row_id)
    if not re.fullmatch("[0-9]{1,18}", row_id):
        raise cursors.wrong()
    return moments.Position(at, rank, int(row_id))
