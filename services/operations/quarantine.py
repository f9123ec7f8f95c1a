"""Events that scoring set aside, and their way back."""

from runtime.principals import SYSTEM, Principal
from runtime.statuses import EventStatus
from services.answers import Page
from services.follow_ups.listing import keys_of
from services.intake.answers import Event
from services.intake.history import find_event, list_events
from services.resources import Conflict, Resources
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.intake import event_reads


class Quarantine:
    """Lists what was set aside and queues it again."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def events(self, *, cursor: str | None, limit: int) -> Page[Event]:
        """Events that scoring set aside, each with its `error`."""
        with self._resources.database.read() as connection:
            return list_events(connection, cursor, limit, status=EventStatus.QUARANTINED)

    def retry(self, event_id: str, *, who: Principal = SYSTEM) -> Event:
        """Queue a quarantined event again."""
        with self._resources.database.read() as connection:
            row = find_event(connection, event_id)
        shard = row["shard"]

        def work(connection: Connection) -> RowMapping:
            if not event_reads.queue_again(connection, event_id):
                status = EventStatus(row["status"]).name.lower()
                raise Conflict(f'event "{event_id}" is not in quarantine; it is {status}')
            now = self._resources.clock()
            contact_id, before = row["contact_id"], {"error": row["error"]}
            note(connection, who, now, "retry", "event", event_id, contact_id=contact_id, before=before)
            return find_event(connection, event_id)

        after = self._resources.database.run(work, [shard])
        self._resources.wakes.request([shard])
        with self._resources.database.read() as connection:
            return Event.of(after, keys_of(connection, [after]))
