"""The timeline of a record: everything that happened to it."""

import re
from typing import Any

from services import cursors
from services.follow_ups.listing import enrollment_json, keys_of, notification_json, task_json
from services.intake.history import event_json
from services.records.kinds import Kind, find_record
from services.records.scores import changes_json, iso
from services.resources import Resources
from store.connection import Connection
from store.records import timeline as moments


class Timeline:
    """Reads what is known to have happened to a contact or deal."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def of(self, kind: Kind, key: str, *, cursor: str | None, limit: int) -> dict[str, Any]:
        """Everything that happened to a contact or deal, the newest first."""
        position = cursors.decode(cursor, "timeline", (int, int, str))
        after = _position(position) if position else None
        with self._resources.database.read() as connection:
            record = find_record(connection, kind, key)
            found = moments.timeline(connection, kind, record["id"], after, limit + 1)
            taken, following = cursors.cut(
                found, limit, "timeline", lambda last: [last.at, last.rank, str(last.id)]
            )
            return cursors.page(self._moments(connection, taken), following)

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
