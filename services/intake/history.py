"""Events that came in: lists, their types, and one as callers see it."""

from typing import Any

from conditions.times import to_iso
from services import cursors
from services.answers import Page
from services.follow_ups.listing import keys_of
from services.intake.answers import Event, EventType, EventTypes, SentEvent
from services.records.kinds import ids_of
from services.resources import NotFound, Resources
from store.connection import Connection, RowMapping
from store.intake import event_reads


class EventHistory:
    """Reads what has come in."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def events(
        self, *, contact: str | None, deal: str | None, event_type: str | None, cursor: str | None, limit: int
    ) -> Page[Event]:
        """Events of a contact, a deal, a type, or all; the newest by `occurred_at` first."""
        with self._resources.database.read() as connection:
            ids = ids_of(connection, contact, deal)
            return list_events(connection, cursor, limit, **ids, event_type=event_type)

    def event(self, event_id: str) -> Event:
        """One; raises NotFound."""
        with self._resources.database.read() as connection:
            row = find_event(connection, event_id)
            return Event.of(row, keys_of(connection, [row]))

    def sent(
        self,
        *,
        contact: str | None = None,
        deal: str | None = None,
        event_type: str | None = None,
        internal: bool = False,
        cursor: str | None,
        limit: int,
    ) -> Page[SentEvent]:
        """Events as they can be sent again, by id. `internal`: also those that changes of records emitted."""
        after = cursors.decode_one(cursor, "sent-events", str) or ""
        with self._resources.database.read() as connection:
            events = event_reads.events_by_key(
                connection,
                **{"contact_id": None, "deal_id": None, **ids_of(connection, contact, deal)},
                event_type=event_type,
                internal=internal,
                after=after,
                limit=limit + 1,
            )
            taken, following = cursors.cut(events, limit, "sent-events", lambda row: [row["id"]])
            keys = keys_of(connection, taken)
        items = []
        for row in taken:
            event = Event.of(row, keys)
            if event.contact is not None:
                sent = SentEvent(
                    id=event.id.replace("/", ":"),
                    type=event.type,
                    contact=event.contact,
                    occurred_at=event.occurred_at,
                    properties=event.properties,
                )
                if event.deal is not None:
                    sent.deal = event.deal
                items.append(sent)
        return Page[SentEvent](items=items, next=following)

    def event_types(self, *, cursor: str | None, limit: int) -> EventTypes:
        """The event types ever seen."""
        after = cursors.decode_one(cursor, "event-types", str) or ""
        with self._resources.database.read() as connection:
            types = event_reads.event_types(connection, after, limit + 1)
        taken, following = cursors.cut(types, limit, "event-types", lambda row: [row[0]])
        return EventTypes(
            items=[EventType(type=name, first_seen_at=to_iso(at)) for name, at in taken], next=following
        )


def find_event(connection: Connection, event_id: str) -> RowMapping:
    """The event's row; raises NotFound."""
    row = event_reads.event_by_id(connection, event_id)
    if row is None:
        raise NotFound(f'there is no event "{event_id}"; GET /v1/events lists them')
    return row


def list_events(connection: Connection, cursor: str | None, limit: int, **filters: Any) -> Page[Event]:
    """A page of events that the filters of the store choose, the newest first."""
    key = cursors.decode(cursor, "events", (int, str))
    after = (key[0], key[1]) if key else None
    events = event_reads.list_events(connection, **filters, after=after, limit=limit + 1)
    taken, following = cursors.cut(events, limit, "events", lambda row: [row["occurred_at"], row["id"]])
    keys = keys_of(connection, taken)
    return Page[Event](items=[Event.of(row, keys) for row in taken], next=following)
