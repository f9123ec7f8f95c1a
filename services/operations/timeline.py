"""The timeline of a record: everything that happened to it."""

import re
from typing import Any

from conditions.times import to_iso
from services import cursors
from services.answers import Page
from services.follow_ups.answers import Enrollment, Notification, Task
from services.follow_ups.listing import keys_of
from services.intake.answers import Event
from services.operations.answers import TimelineEntry
from services.records.answers import ProfileChange
from services.records.kinds import Kind, find_record
from services.records.scores import changes_of
from services.resources import Resources
from store.connection import Connection
from store.records import timeline as moments


class Timeline:
    """Reads what is known to have happened to a contact or deal."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def of(self, kind: Kind, key: str, *, cursor: str | None, limit: int) -> Page[TimelineEntry]:
        """Everything that happened to a contact or deal, the newest first."""
        position = cursors.decode(cursor, "timeline", (int, int, str))
        after = _position(position) if position else None
        with self._resources.database.read() as connection:
            record = find_record(connection, kind, key)
            known = moments.timeline(connection, kind, record["id"], after, limit + 1)
            taken, following = cursors.cut(
                known, limit, "timeline", lambda last: [last.at, last.rank, str(last.id)]
            )
            return Page[TimelineEntry](items=self._entries(connection, taken), next=following)

    def _entries(self, connection: Connection, taken: list[moments.TimelineRow]) -> list[TimelineEntry]:
        changes = iter(
            changes_of(
                connection,
                [moment.row for moment in taken if moment.kind == "change"],
                ProfileChange.of,
            )
        )
        keys = keys_of(connection, [moment.row for moment in taken if moment.kind != "change"])
        entries = []
        for moment in taken:
            row = moment.row
            entry = TimelineEntry(kind=moment.kind, at=to_iso(moment.at))
            if moment.kind == "change":
                entry.change = next(changes)
            elif moment.kind == "event":
                entry.event = Event.of(row, keys)
            elif moment.kind == "enrollment":
                entry.enrollment = Enrollment.of(row, keys, self._resources.settings)
            elif moment.kind == "task":
                entry.task = Task.of(row, keys)
            else:
                entry.notification = Notification.of(row, keys)
            entries.append(entry)
        return entries


def _position(key: list[Any]) -> moments.Position:
    """The place in a cursor; raises BadParameter for one that is not of this list."""
    at, rank, row_id = key
    if not 0 <= rank < len(moments.MOMENT_KINDS):
        raise cursors.wrong()
    if moments.MOMENT_KINDS[rank] != "change":
        return moments.Position(at, rank, row_id)
    if not re.fullmatch("[0-9]{1,18}", row_id):
        raise cursors.wrong()
    return moments.Position(at, rank, int(row_id))
