"""What goes on around records, as filters and steps read it: beside their fields, worked out when it is asked for."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from conditions.activity import LAST_EVENT, LAST_SEEN, OPEN_FOLLOW_UPS, RUNNING_IN, Activity, activity_of
from conditions.fields import CONTACT, DEAL, INTERNAL_EVENTS
from conditions.times import to_iso
from conditions.values import Value
from engine.subjects import Subjects
from runtime.statuses import OPEN
from scoring.entries import Place
from scoring.progress import Turn, turn_of
from store.connection import Connection, RowMapping
from store.scoring import activity as stored
from store.scoring.pending import PendingEvent


class Around(NamedTuple):
    """A contact and, where there is one, the deal. `own`: the follow-up that asks, which does not count itself."""

    contact_id: int
    deal_id: int | None
    own: RowMapping | None = None

    def record_id(self, kind: str) -> int | None:
        """The id of the contact or the deal."""
        return self.contact_id if kind == CONTACT else self.deal_id

    def shown(self, activity: Activity, known: int | None) -> Value:
        """What the store knows as conditions read it."""
        if known is None:
            return None
        if activity.name in (LAST_SEEN, LAST_EVENT):
            return to_iso(known)
        if activity.name == RUNNING_IN:
            return known > self._own(activity)
        return known - self._own(activity)

    def _own(self, activity: Activity) -> int:
        if self.own is None or self.own["status"] not in OPEN:
            return 0
        if activity.name == RUNNING_IN:
            return int(self.own["automation"] == activity.of)
        return int(activity.name == OPEN_FOLLOW_UPS)


def read_activity(
    connection: Connection, activity: Activity, around: Around, before: Place | None = None
) -> Value:
    """One such field as it is now; of events, with `before`, as it was before that place in the record's history."""
    record_id = around.record_id(activity.kind)
    if record_id is None:
        return None
    known = stored.read(connection, activity.kind, [record_id], [activity], before)
    return around.shown(activity, known.get(record_id, {}).get(activity))


def with_activity(
    connection: Connection, fields: Callable[[str], Value], around: Around, before: Place | None = None
) -> Callable[[str], Value]:
    """Fields of a record and, beside them, what goes on around it."""

    def lookup(name: str) -> Value:
        activity = activity_of(name)
        return fields(name) if activity is None else read_activity(connection, activity, around, before)

    return lookup


class ActivityReader:
    """The same of many records: read for all of them at once, what is `wanted` with the first that is asked for.

    What the store knows is how things are before the batch. Of events that `note` was told of, those of earlier turns
    count as well: how many a batch has makes no difference.
    """

    def __init__(self, connection: Connection, subjects: Subjects, wanted: Collection[Activity] = ()) -> None:
        self._connection = connection
        self.subjects = subjects
        self._wanted = wanted
        self._known: dict[Activity, dict[int, int | None]] = {}
        self._happened: dict[tuple[str, int, str | None], list[Turn]] = defaultdict(list)

    def note(self, events: Iterable[PendingEvent]) -> None:
        """The events of the batch that count."""
        for pending in events:
            event = pending.event
            turn = turn_of(event.at, event.id)
            records = [
                (CONTACT, pending.contact_id),
                *([(DEAL, event.deal)] if event.deal is not None else []),
            ]
            for kind, record_id in records:
                self._happened[kind, record_id, event.type].append(turn)
                if event.type not in INTERNAL_EVENTS:
                    self._happened[kind, record_id, None].append(turn)
        for turns in self._happened.values():
            turns.sort()

    def fields(
        self, fields: Callable[[str], Value], around: Around, turn: Turn | None = None
    ) -> Callable[[str], Value]:
        """Fields of a record and, beside them, what goes on around it, as it was before a turn of the batch."""

        def lookup(name: str) -> Value:
            activity = activity_of(name)
            return fields(name) if activity is None else self.read(activity, around, turn)

        return lookup

    def read(self, activity: Activity, around: Around, turn: Turn | None = None) -> Value:
        """One field."""
        record_id = around.record_id(activity.kind)
        if record_id is None:
            return None
        known = self._stored(activity).get(record_id)
        if turn is not None and activity.name in (LAST_SEEN, LAST_EVENT):
            turns = self._happened.get((activity.kind, record_id, activity.of or None), ())
            place = bisect_left(turns, turn)
            if place:
                known = max(known or turns[place - 1][1], turns[place - 1][1])
        return around.shown(activity, known)

    def _stored(self, activity: Activity) -> dict[int, int | None]:
        if activity not in self._known:
            kind = activity.kind
            wanted = [one for one in {activity, *self._wanted} if one.kind == kind and one not in self._known]
            ids = self.subjects.contacts if kind == CONTACT else self.subjects.deals
            rows = stored.read(self._connection, kind, ids, wanted)
            for one in wanted:
                self._known[one] = {record_id: row[one] for record_id, row in rows.items()}
        return self._known[activity]
