"""Taking events back out of a ledger: their entries go, and what they kept from counting takes their place."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import merge
from typing import Protocol

from conditions.times import Micros
from scoring.compiled import EventRule
from scoring.entries import Entry, Event, Place, place_of
from scoring.ledger import Ledger
from scoring.windows import window_of


class Past(Protocol):
    """The events of a record that had been applied before, read only as far as they are asked for."""

    def after(self, place: Place) -> Iterator[Event]:
        """Those after that place, by (time, id)."""

    def before(self, at: Micros, types: Collection[str]) -> Iterator[Event]:
        """Those of these types that happened then or earlier, the latest first."""


class KnownPast:
    """A past of which everything is known."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = sorted(events, key=place_of)

    def after(self, place: Place) -> Iterator[Event]:
        return iter(self._events[bisect_right(self._events, place, key=place_of) :])

    def before(self, at: Micros, types: Collection[str]) -> Iterator[Event]:
        return (event for event in reversed(self._events) if event.at <= at and event.type in types)


class Withdrawal:
    """Takes events back out of `ledger`, in any number and order.

    `applied`: what has been added since the `past` was read; it may grow. `entries`: those that the store has of the
    events, under rules without a limit. The work is in proportion to the events taken back.
    """

    def __init__(
        self, ledger: Ledger, past: Past, applied: Sequence[Event], entries: Iterable[Entry]
    ) -> None:
        self._ledger = ledger
        self._past = past
        self._applied = applied
        self._entries = {(entry.rule, entry.cause_id): entry for entry in entries}
        self._gone: set[str] = set()
        self._next: dict[tuple[str, int], tuple[Place, Iterator[Event]]] = {}
        self._earlier: dict[str, tuple[Event | None, Iterator[Event]]] = {}
        self._seen = 0

    def take(self, event: Event) -> None:
        """Take one back, as if it had never been there."""
        if self._seen != len(self._applied):  # what was looked up is not all any more
            self._seen = len(self._applied)
            self._next.clear()
            self._earlier.clear()
        self._gone.add(event.id)
        profile = self._ledger.profile
        for rule in profile.event_rules.get(event.type, ()):
            if rule.times is not None:
                self._take_from_window(rule, rule.times, event)
                continue
            key = rule.key, event.id
            entry = self._ledger.added.get(key) or self._entries.pop(key, None)
            if entry is not None:
                self._ledger.take(entry)
        active = self._ledger.standing.active
        for silence in profile.silence_broken_by.get(event.type, ()):
            if active.get(silence) == event.at:
                self._go_back(silence, event.at)

    def _take_from_window(self, rule: EventRule, times: int, event: Event) -> None:
        window = window_of(rule.per, self._ledger.profile.timezone, event.at)
        counted = self._ledger.windows.get((rule.key, window), [])
        entry = next((entry for entry in counted if entry.cause_id == event.id), None)
        if entry is None:
            return
        was_full = len(counted) >= times
        last = max((entry.starts_at, entry.cause_id) for entry in counted)
        counted.remove(entry)
        self._ledger.take(entry)
        if was_full:  # all that did not count are later than what did
            self._ledger.enter_first(rule, self._candidates(rule, event.type, window, last))

    def _candidates(self, rule: EventRule, event_type: str, window: int, last: Place) -> Iterator[Event]:
        """The events of a window after those that count; goes on where it stopped while nothing came in between."""
        zone = self._ledger.profile.timezone
        place, events = self._next.get((rule.key, window), (None, iter(())))
        if place != last:
            later = sorted((event for event in self._applied if place_of(event) > last), key=place_of)
            events = merge(later, self._past.after(last), key=place_of)
        for event in events:
            if window_of(rule.per, zone, event.at) != window:
                return
            if event.type == event_type and event.id not in self._gone:
                self._next[rule.key, window] = place_of(event), events
                yield event

    def _go_back(self, silence: str, at: Micros) -> None:
        """The silence was broken last by what is now the latest event of its types."""
        active = self._ledger.standing.active
        broken_by = self._ledger.profile.silence_broken_by
        types = {event_type for event_type, keys in broken_by.items() if silence in keys}
        if silence not in self._earlier:
            applied = [event for event in self._applied if event.at <= at and event.type in types]
            applied.sort(key=place_of, reverse=True)
            earlier: Iterator[Event] = merge(
                applied, self._past.before(at, types), key=place_of, reverse=True
            )
            self._earlier[silence] = next(earlier, None), earlier
        latest, earlier = self._earlier[silence]
        while latest is not None and latest.id in self._gone:
            latest = next(earlier, None)
        self._earlier[silence] = latest, earlier  # another event of the same moment may be taken back next
        if latest is None:
            del active[silence]
        else:
            active[silence] = latest.at
