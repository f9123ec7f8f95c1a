"""Taking events back."""

from conditions.times import Micros, to_iso
from runtime.principals import SYSTEM, Principal
from services import cursors
from services.answers import iso
from services.follow_ups.listing import keys_of
from services.intake.answers import Event, Import, Imports
from services.intake.history import find_event
from services.records.shard_locks import in_shards
from services.resources import Conflict, NotFound, Resources
from store.access.audit import note
from store.connection import Connection
from store.intake import revoking

AT_ONCE = 1_000


class Revocations:
    """Takes back single events, or all of an import."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def revoke(self, event_id: str, *, silent: bool = False, who: Principal = SYSTEM) -> Event:
        """Take one event back; its id stays known. Once more changes nothing."""
        if "/" in event_id:
            raise Conflict(
                f'"{event_id}" was emitted by a change of a record and stays; change the record back instead'
            )

        def place(connection: Connection) -> set[int]:
            find_event(connection, event_id)
            return revoking.shards_of(connection, [event_id])

        def work(connection: Connection, now: Micros) -> Event:
            if revoking.revoke(connection, [event_id], now, silent=silent):
                revoked = find_event(connection, event_id)
                note(
                    connection,
                    who,
                    now,
                    "revoke",
                    "event",
                    event_id,
                    contact_id=revoked["contact_id"],
                    before={"type": revoked["type"], "occurred_at": to_iso(revoked["occurred_at"])},
                )
            row = find_event(connection, event_id)
            return Event.of(row, keys_of(connection, [row]))

        return in_shards(self._resources, place, work)

    def imports(self, *, cursor: str | None, limit: int) -> Imports:
        """Imports by name, with how many events they brought and how many of these are revoked."""
        after = cursors.decode_one(cursor, "imports", str) or ""
        with self._resources.database.read() as connection:
            imports = revoking.imports(connection, after, limit + 1)
        taken, following = cursors.cut(imports, limit, "imports", lambda row: [row[0]])
        return Imports(
            items=[
                Import(name=name, events=events, revoked=revoked, first_at=iso(first), last_at=iso(last))
                for name, events, revoked, first, last in taken
            ],
            next=following,
        )

    def revoke_import(self, name: str, *, silent: bool = False, who: Principal = SYSTEM) -> int:
        """Take back all events of an import, some at a time; how many. Once more takes back what is left."""
        total, last = 0, ""
        while True:
            with self._resources.database.read() as connection:
                ids = revoking.events_of_import(connection, name, last, AT_ONCE)
            if not ids and not last:
                raise NotFound(f'there is no import "{name}"; GET /v1/imports lists them')
            if not ids:
                self._note(who, name, total)
                return total
            last = ids[-1]
            total += self._revoke(ids, silent=silent)

    def _note(self, who: Principal, name: str, total: int) -> None:
        now, told = self._resources.clock(), {"revoked": total}
        self._resources.database.run(
            lambda connection: note(connection, who, now, "revoke", "import", name, after=told)
        )

    def _revoke(self, ids: list[str], *, silent: bool) -> int:
        return in_shards(
            self._resources,
            lambda connection: revoking.shards_of(connection, ids),
            lambda connection, now: revoking.revoke(connection, ids, now, silent=silent),
        )
