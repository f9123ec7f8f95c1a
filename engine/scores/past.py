"""The applied events of a record, read from the store in steps."""

from collections.abc import Callable, Collection, Iterator

from conditions.fields import CONTACT, DEAL
from conditions.times import Micros
from engine.subjects import Subjects
from scoring.compiled import CompiledProfile
from scoring.entries import Event, Place, place_of
from store.connection import Connection
from store.scoring import histories

#: How many are read at first, and at most, at a time.
FEW, MANY = 50, 2_000


class StoredPast:
    """What `scoring.withdrawal` asks of a record's past. `passes`: leaves out what cannot be scored."""

    def __init__(
        self,
        connection: Connection,
        subjects: Subjects,
        profile: CompiledProfile,
        record_id: int,
        passes: Callable[[Event], bool] = lambda _: True,
    ) -> None:
        self._connection = connection
        self._subjects = subjects
        self._kind = profile.applies_to
        self._reads_deals = profile.applies_to == CONTACT and DEAL in profile.where_reads
        self._record_id = record_id
        self._passes = passes

    def after(self, place: Place) -> Iterator[Event]:
        """Those after that place, by (time, id)."""
        return self._steps(
            place,
            lambda place, size: histories.events_after(
                self._connection, self._kind, self._record_id, place, size
            ),
        )

    def before(self, at: Micros, types: Collection[str]) -> Iterator[Event]:
        """Those of these types that happened then or earlier, the latest first."""
        return self._steps(
            (at + 1, ""),
            lambda place, size: histories.events_before(
                self._connection, self._kind, self._record_id, place, types, size
            ),
        )

    def _steps(self, place: Place, read: Callable[[Place, int], list[Event]]) -> Iterator[Event]:
        size = FEW
        while True:
            events = read(place, size)
            if self._reads_deals:
                self._subjects.know_deals([event.deal for event in events if event.deal is not None])
            yield from (event for event in events if self._passes(event))
            if len(events) < size:
                return
            place, size = place_of(events[-1]), min(size * 4, MANY)
