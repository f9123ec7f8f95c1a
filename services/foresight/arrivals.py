"""What events that are about to arrive would start: taken in and scored as workers do it, and taken back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from zlib import crc32

from engine.batch import Batch
from engine.published import PublishedCache
from services.foresight.answers import ArrivalsPreview
from services.foresight.starts import Starts, first_dates
from services.resources import Resources
from store.connection import Connection
from store.design import definitions
from store.intake import arriving, places
from store.intake.arriving import NewEvent
from store.scoring.pending import NOTHING, pending_events

#: Events that are kept to be looked at; of more, those of every second contact, every fourth, ...
MOST_KEPT = 100_000
#: Events in one transaction, so that others do not wait long; all of one contact are in the same.
CHUNK = 300

Progress = Callable[[int, int], None]


class Arrivals:
    """Show it all events, then ask what they would start. Holds no more than `most` of them."""

    def __init__(self, resources: Resources, most: int = MOST_KEPT) -> None:
        self._resources = resources
        self._most = most
        self._published = PublishedCache()
        self._share = 1
        self._kept: dict[str, list[NewEvent]] = {}
        self._count = 0
        self._emails: dict[str, str] = {}
        self.events = 0

    def see(self, events: Sequence[NewEvent], emails: Mapping[str, str]) -> None:
        """Some events, in the order of their arrival; `emails` are addresses by the keys of contacts."""
        self.events += len(events)
        for event in events:
            whose = event.contact or f"/{event.deal}"
            if self._is_kept(whose):
                self._kept.setdefault(whose, []).append(event)
                self._count += 1
                if whose in emails:
                    self._emails.setdefault(whose, emails[whose])
        while self._count > self._most and len(self._kept) > 1:
            self._share *= 2
            self._kept = {whose: kept for whose, kept in self._kept.items() if self._is_kept(whose)}
            self._emails = {whose: email for whose, email in self._emails.items() if whose in self._kept}
            self._count = sum(map(len, self._kept.values()))

    def preview(self, progress: Progress = lambda _done, _total: None) -> ArrivalsPreview:
        """How many follow-ups of which automations they would start, if all of them arrived now.

        Each contact's events are taken in, scored and matched as workers do it, in a transaction that is taken back.
        Of more events than are kept it is those of a share of the contacts, multiplied. What these follow-ups
        themselves would start is not in it.
        """
        with self._resources.database.read() as connection:
            names = {row.id: row.key for row in definitions.published_automations(connection)}
            starts = Starts(first_dates(connection))
        done = 0
        progress(0, self._count)
        for events in self._chunks():
            self._resources.database.try_out(partial(self._look, events, starts))
            done += len(events)
            progress(done, self._count)
        return ArrivalsPreview(
            events=self.events, exact=self._share == 1, enrollments=starts.told(names, self._share)
        )

    def _is_kept(self, whose: str) -> bool:
        return self._share == 1 or crc32(whose.encode()) % self._share == 0

    def _chunks(self) -> Iterator[list[NewEvent]]:
        chunk: list[NewEvent] = []
        for kept in self._kept.values():
            chunk += kept
            if len(chunk) >= CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _look(self, events: list[NewEvent], starts: Starts, connection: Connection) -> None:
        now = self._resources.clock()
        arriving.take_events(connection, events, self._resources.shards, now, self._emails)
        contacts = places.find_contacts(connection, {event.contact for event in events if event.contact})
        deals = places.find_deals(connection, {event.deal for event in events if event.deal})
        ids = {place.contact_id for place in (*contacts.values(), *deals.values())}
        due = NOTHING._replace(events=pending_events(connection, ids))
        published = self._published.read(connection)
        starts.add(Batch(connection, 0, published, now, due, in_slices=False), connection)
