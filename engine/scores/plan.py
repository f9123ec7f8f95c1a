"""What a batch has to do under one profile, and what it reads for that."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from conditions.fields import CONTACT, DEAL
from conditions.times import Micros
from engine.scores.coming import StoredEntries
from engine.scores.folding import is_long
from engine.subjects import Subjects
from scoring.compiled import CompiledProfile
from scoring.entries import Entry
from scoring.progress import Folded, History, Incoming, Stored, Touch
from scoring.standing import Standing
from scoring.windows import Windows
from store.connection import Connection
from store.leftovers import REVOKE
from store.scoring import histories, ledgers
from store.scoring.pending import Due, PendingEvent, PendingRevocation


@dataclass(slots=True)
class Plan:
    """What a batch has to do under one profile, by record id. `to_fold`: those of which nothing is gone on from;
    `folded`: of these, the long ones, whose fold is done.
    """

    profile: CompiledProfile
    touched: Mapping[int, Touch]
    incoming: dict[int, list[Incoming]]
    stored: dict[int, Stored]
    ids: list[int]
    valid: list[int]
    to_fold: list[int] = field(default_factory=list)
    folded: dict[int, Folded] = field(default_factory=dict)

    @property
    def gone_on_from(self) -> list[int]:
        """Those whose ledger is not folded in this batch."""
        return [*self.valid, *self.folded]


class Reader:
    """Reads what the ledgers of a plan are gone on from, or folded of."""

    def __init__(self, connection: Connection, subjects: Subjects, plan: Plan, now: Micros) -> None:
        self._connection = connection
        self._subjects = subjects
        self._plan = plan
        self._now = now

    def limited(self) -> dict[int, list[Entry]]:
        """The stored entries of the limit windows that the events touch."""
        profile, incoming = self._plan.profile, self._plan.incoming
        if not profile.limited:
            return {}
        windows = Windows(profile.timezone)
        for record_id in self._plan.gone_on_from:
            for item in incoming[record_id]:
                if (event := item.event or item.revokes) is not None:
                    for rule in profile.event_rules.get(event.type, ()):
                        if rule.times is not None:
                            windows.add(record_id, rule.key, rule.per, event.at)
        rows = windows.rows
        return ledgers.load_windows(self._connection, profile.id, rows) if rows else {}

    def revoked(self) -> dict[int, list[Entry]]:
        """The stored entries of the events that are revoked."""
        profile, incoming = self._plan.profile, self._plan.incoming
        causes = [
            (record_id, item.revokes.at, item.revokes.id)
            for record_id in self._plan.gone_on_from
            for item in incoming[record_id]
            if item.revokes is not None
        ]
        return ledgers.load_causes(self._connection, profile.id, causes) if causes else {}

    def mortal(self) -> dict[int, list[Entry]]:
        """The stored entries that end after the last scoring, of scores that are overdue; of long ledgers, some."""
        profile, stored = self._plan.profile, self._plan.stored
        overdue = [i for i in self._plan.valid if (due := stored[i].due_at) is not None and due <= self._now]
        by_record = {
            record_id: self._overtaken(record_id, fold.standing, fold.at)
            for record_id, fold in self._plan.folded.items()
        }
        for record_id in [i for i in overdue if is_long(stored[i].standing.entries)]:
            standing, scored_at = stored[record_id].standing, stored[record_id].scored_at
            if standing.living is not None:
                overdue.remove(record_id)
                by_record[record_id] = self._overtaken(record_id, standing, scored_at)
        if not overdue:
            return by_record
        since = min(stored[i].scored_at for i in overdue)
        return by_record | ledgers.load_mortal(self._connection, profile.id, overdue, since)

    def _overtaken(self, record_id: int, standing: Standing, since: Micros) -> list[Entry]:
        entries = StoredEntries(self._connection, self._plan.profile, record_id, standing.living or {})
        return entries.overtaken(since, max(self._now, since))

    def histories(self) -> dict[int, History]:
        """All that has been applied of the records whose ledger is folded at once."""
        profile, ids = self._plan.profile, [i for i in self._plan.to_fold if i not in self._plan.folded]
        if not ids:
            return {}
        kind = profile.applies_to
        events = histories.load_applied_events(self._connection, kind, ids, profile.relevant_types)
        adjustments = histories.load_applied_adjustments(self._connection, profile.id, ids)
        if kind == CONTACT and DEAL in profile.where_reads:
            named = {event.deal for of_record in events.values() for event in of_record}
            self._subjects.know_deals([deal for deal in named if deal is not None])
        return {i: History(events.get(i, ()), adjustments.get(i, ())) for i in ids}


#: Of an event or a revocation that is due, whose it is by the kind of record.
_RECORD_OF: Mapping[str, Callable[[PendingEvent | PendingRevocation], int | None]] = {
    CONTACT: attrgetter("contact_id"),
    DEAL: attrgetter("event.deal"),
}


def incoming_of(
    due: Due, subjects: Subjects, profile: CompiledProfile, touched: Iterable[int]
) -> dict[int, list[Incoming]]:
    """By record, what a profile has to look at; records that it has nothing to do with are left out.

    `touched`: records whose fields have changed.
    """
    kind = profile.applies_to
    by_record: dict[int, list[Incoming]] = {}
    types, always, strayed = profile.relevant_types, profile.always, subjects.strayed
    record_of = _RECORD_OF[kind]
    for pending in due.events:
        event = pending.event
        record_id = record_of(pending)
        if record_id is not None and (always or event.type in types) and not strayed(pending):
            arrived = Incoming(event.at, event.id, event, silent=pending.silent, depth=pending.depth)
            by_record.setdefault(record_id, []).append(arrived)
    for adjustment in due.adjustments:
        if adjustment.profile_id == profile.id:
            by_record.setdefault(adjustment.record_id, []).append(
                Incoming(
                    at=adjustment.at,
                    id=adjustment.id,
                    points=adjustment.points,
                    set_to=adjustment.set_to,
                    ends_at=adjustment.ends_at,
                    silent=bool(adjustment.silent),
                    depth=adjustment.depth,
                )
            )
    for revocation in due.revocations:
        event = revocation.event
        record_id = record_of(revocation)
        if record_id is not None and event.type in types:
            by_record.setdefault(record_id, []).append(
                Incoming(revocation.at, f"{REVOKE}{event.id}", silent=revocation.silent, revokes=event)
            )
    folded = [record_id for profile_id, record_id in due.folded if profile_id == profile.id]
    for record_id in (*due.overdue.get(profile.id, ()), *touched, *folded):
        by_record.setdefault(record_id, [])
    exists = subjects.exists
    return {record_id: items for record_id, items in by_record.items() if exists(kind, record_id)}
