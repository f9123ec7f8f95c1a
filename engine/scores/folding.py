"""Folding a long history in slices, each in a batch of its own: a fold that was stopped goes on where it was.

A fold is as of the moment at which it began. What its entries are is written as it goes on, where it differs from what
is there; the score stays until all of them are: the batch that finds it done brings it up to its own time.
"""

from collections.abc import Callable, Collection, Iterable

from conditions.fields import CONTACT, DEAL
from conditions.times import Micros
from engine.subjects import Subjects
from scoring.compiled import CompiledProfile
from scoring.entries import ADJUSTMENTS, Adjustment, Entry, Event, Record, place_of
from scoring.ledger import Ledger
from scoring.standing import Standing
from scoring.windows import Windows
from store.connection import Connection
from store.scoring import folds, histories, ledgers
from store.scoring.folds import FoldRow

#: A history of more events, or a ledger of more entries, is long: it is not read as a whole.
LONG = 2_000
#: How many events of a history are folded in one batch.
SLICE = 750
#: Before every event.
_BEGINNING = (-(2**62), "")


def is_long(size: int) -> bool:
    """Whether so many events or entries are too many to be read as a whole."""
    return size > LONG


def long_histories(connection: Connection, kind: str, ids: Collection[int]) -> list[int]:
    """Those of the records whose history is long."""
    return folds.long_records(connection, kind, ids, LONG)


def new_fold(profile: CompiledProfile, record_id: int, contact_id: int, shard: int, now: Micros) -> FoldRow:
    """One that has still to begin."""
    return FoldRow(
        profile_id=profile.id,
        record_id=record_id,
        contact_id=contact_id,
        shard=shard,
        version=profile.version,
        at=now,
        place=_BEGINNING,
        standing=Standing(),
        reads=bool(profile.where_reads),
    )


class Slice:
    """The next part of a fold: made, it has read and folded it; `save` writes what came of it.

    `passes`: whether an event can be scored by itself; it is asked only when some cannot.
    """

    def __init__(
        self,
        connection: Connection,
        subjects: Subjects,
        profile: CompiledProfile,
        fold: FoldRow,
        passes: Callable[[Record, Event], bool],
    ) -> None:
        self._connection = connection
        self._profile = profile
        self._fold = fold
        kind = profile.applies_to
        events = histories.events_after(connection, kind, fold.record_id, fold.place, SLICE)
        if kind == CONTACT and DEAL in profile.where_reads:
            subjects.know_deals({event.deal for event in events if event.deal is not None})
        record = subjects.record(kind, fold.record_id)
        self.done = len(events) < SLICE
        self.events = len(events)
        last = None if self.done else place_of(events[-1])
        adjustments = self._adjustments() if self.done else []
        try:
            ledger = self._ledger(record, events, adjustments)
        except Exception:
            good = [event for event in events if passes(record, event)]
            ledger = self._ledger(record, good, adjustments)
        before = folds.entries_between(connection, profile.id, fold.record_id, fold.place, last)
        old = {entry for entry in before if entry.rule != ADJUSTMENTS} | self._old_adjustments(adjustments)
        new = set(ledger.added.values())
        self._removed = [*(old - new), *ledger.removed]
        self._added = new - old
        self._following = fold._replace(place=last or fold.place, standing=ledger.standing, done=self.done)

    def save(self, connection: Connection) -> None:
        """Write the entries that differ, and how far the fold has come."""
        profile_id, record_id = self._profile.id, self._fold.record_id
        ledgers.delete_entries(connection, profile_id, [(record_id, entry) for entry in self._removed])
        ledgers.save_entries(connection, profile_id, [(record_id, entry) for entry in self._added])
        folds.save_folds(connection, [self._following])

    def _ledger(self, record: Record, events: Iterable[Event], adjustments: Iterable[Adjustment]) -> Ledger:
        fold = self._fold
        ledger = Ledger(self._profile, record, fold.at, fold.standing.copied(), self._limited(events))
        for event in events:
            if event.at <= fold.at:
                ledger.add_event(event)
        for adjustment in adjustments:
            ledger.add_adjustment(adjustment)
        return ledger

    def _limited(self, events: Iterable[Event]) -> list[Entry]:
        """What has been counted in the limit windows that the events fall into."""
        record_id, profile = self._fold.record_id, self._profile
        windows = Windows(profile.timezone)
        for event in events:
            for rule in profile.event_rules.get(event.type, ()):
                if rule.times is not None:
                    windows.add(record_id, rule.key, rule.per, event.at)
        rows = windows.rows
        if not rows:
            return []
        return ledgers.load_windows(self._connection, profile.id, rows, self._fold.place).get(record_id, [])

    def _adjustments(self) -> list[Adjustment]:
        record_id = self._fold.record_id
        adjustments = histories.load_applied_adjustments(self._connection, self._profile.id, [record_id])
        return [adjustment for adjustment in adjustments.get(record_id, ()) if adjustment.at <= self._fold.at]

    def _old_adjustments(self, adjustments: Iterable[Adjustment]) -> set[Entry]:
        record_id = self._fold.record_id
        causes = [(record_id, adjustment.at, adjustment.id) for adjustment in adjustments]
        if not causes:
            return set()
        return set(ledgers.load_causes(self._connection, self._profile.id, causes).get(record_id, ()))
