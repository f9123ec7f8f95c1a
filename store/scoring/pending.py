"""What a shard has to do: read it, and mark it as done."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from conditions.limits import BATCH
from conditions.times import Micros
from conditions.values import Value
from runtime.statuses import EventStatus
from scoring.entries import Event
from store.bulk import Bulk
from store.leftovers import Leftover, all_leftovers
from store.scoring.facts import Properties
from store.scoring.folds import FoldRow, folds_of_shard
from store.statuses import APPLIED, BEING_REVOKED, PENDING, REVOKED


class PendingEvent(NamedTuple):
    event: Event
    contact_id: int
    received_at: Micros
    silent: bool
    depth: int


class PendingAdjustment(NamedTuple):
    id: str
    profile_id: int
    record_id: int
    points: int | None
    set_to: int | None
    at: Micros
    ends_at: Micros | None
    silent: bool
    depth: int


class PendingRevocation(NamedTuple):
    """`event` without its properties."""

    event: Event
    contact_id: int
    at: Micros
    silent: bool


class Due(NamedTuple):
    """Everything a shard has to do now, up to a limit of each kind.

    `touched_contacts` and `touched_deals`: by id, one more than the depth of the change; `overdue`: record ids by
    profile id. `fold`: one to go on with; what else there is of its contact waits meanwhile. `folded`: those that are
    done, by profile and record id. `leftover`: rows of what is gone to be moved or deleted. `overdue_tasks`: ids of
    those that are to be told of.
    """

    events: list[PendingEvent]
    adjustments: list[PendingAdjustment]
    revocations: list[PendingRevocation]
    touched_contacts: dict[int, int]
    touched_deals: dict[int, int]
    overdue: dict[int, list[int]]
    fold: FoldRow | None = None
    folded: Mapping[tuple[int, int], FoldRow] = {}
    leftover: Leftover | None = None
    overdue_tasks: Sequence[str] = ()

    @property
    def size(self) -> int:
        return (
            (self.fold is not None)
            + (self.leftover is not None)
            + len(self.folded)
            + len(self.events)
            + len(self.adjustments)
            + len(self.revocations)
            + len(self.touched_contacts)
            + len(self.touched_deals)
            + sum(len(ids) for ids in self.overdue.values())
            + len(self.overdue_tasks)
        )


NOTHING = Due([], [], [], {}, {}, {})


_PENDING_EVENTS = (
    "SELECT id, contact_id, type, occurred_at, received_at, properties, silent, depth, deal_id "
    f"FROM events WHERE status = {PENDING}"
)


def _pending(row: Sequence[Any]) -> PendingEvent:
    event = Event(row[0], row[2], row[3], Properties(row[5]), row[8])
    return PendingEvent(event, row[1], row[4], bool(row[6]), row[7])


def pending_events(connection: Connection, contact_ids: Collection[int]) -> list[PendingEvent]:
    """The pending events of some contacts, by arrival."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("contact_id", contact_ids)
    return [
        _pending(row)
        for row in bulk.rows(f"{_PENDING_EVENTS} AND {test} ORDER BY received_at, id", parameter)
    ]


def due_work(connection: Connection, shard: int, now: Micros, limit: int) -> Due:
    """What the shard has pending: events by arrival, adjustments, revocations, touched records, overdue scores."""
    bulk = Bulk(connection)
    folds = folds_of_shard(connection, shard)
    leftovers = all_leftovers(connection)
    waiting = {fold.contact_id for fold in folds if not fold.done}
    waiting.update(contact for leftover in leftovers for contact in leftover.waiting)
    hold = _Hold(bulk, waiting)
    events = [
        _pending(row)
        for row in bulk.rows_up_to(
            BATCH.most,
            5,
            f"{_PENDING_EVENTS} AND shard = ?{hold.of('contact_id')} ORDER BY received_at, id LIMIT ?",
            shard,
            *hold.once,
            limit,
        )
    ]
    adjustments = [
        PendingAdjustment(*row)
        for row in bulk.rows(
            "SELECT id, profile_id, record_id, points, set_to, at, ends_at, silent, depth FROM adjustments "
            f"WHERE status = {PENDING} AND shard = ?{hold.of_scores} ORDER BY at, id LIMIT ?",
            shard,
            *hold.twice,
            limit,
        )
    ]
    silently = EventStatus.REVOKING_SILENTLY.value
    revocations = [
        PendingRevocation(
            Event(row[0], row[1], row[2], {}, row[3]), row[4], row[5], silent=row[6] == silently
        )
        for row in bulk.rows(
            "SELECT id, type, occurred_at, deal_id, contact_id, revoked_at, status FROM events "
            f"WHERE {BEING_REVOKED} AND shard = ?{hold.of('contact_id')} ORDER BY revoked_at, id LIMIT ?",
            shard,
            *hold.once,
            limit,
        )
    ]
    touched = [
        {
            row[0]: row[1]
            for row in bulk.rows(
                f"SELECT id, touched FROM {name} WHERE touched > 0 AND shard = ?{hold.of(column)} "
                "ORDER BY id LIMIT ?",
                shard,
                *hold.once,
                limit,
            )
        }
        for name, column in (("contacts", "id"), ("deals", "contact_id"))
    ]
    overdue: dict[int, list[int]] = {}
    for profile_id, record_id in bulk.rows(
        f"SELECT profile_id, record_id FROM scores WHERE shard = ? AND due_at <= ?{hold.of_scores} "
        "ORDER BY due_at LIMIT ?",
        shard,
        now,
        *hold.twice,
        limit,
    ):
        overdue.setdefault(profile_id, []).append(record_id)
    return Due(
        events,
        adjustments,
        revocations,
        touched[0],
        touched[1],
        overdue,
        fold=next((fold for fold in folds if not fold.done), None),
        folded={(fold.profile_id, fold.record_id): fold for fold in folds if fold.contact_id not in waiting},
        leftover=next((leftover for leftover in leftovers if leftover.shard == shard), None),
        overdue_tasks=[
            row[0]
            for row in bulk.rows(
                "SELECT id FROM tasks WHERE shard = ? AND alarm_at <= ? ORDER BY alarm_at, id LIMIT ?",
                shard,
                now,
                limit,
            )
        ],
    )


def due_folds(connection: Connection, shard: int, profile_id: int, ids: Collection[int]) -> Due:
    """Nothing but the folds of these records under one profile."""
    theirs = [
        fold
        for fold in folds_of_shard(connection, shard)
        if fold.profile_id == profile_id and fold.record_id in ids
    ]
    return NOTHING._replace(
        fold=next((fold for fold in theirs if not fold.done), None),
        folded={(fold.profile_id, fold.record_id): fold for fold in theirs if fold.done},
    )


class _Hold:
    """Tests that leave out contacts which have to wait, with their deals; they cost nothing where there are none."""

    def __init__(self, bulk: Bulk, contacts: Collection[int]) -> None:
        self._test, parameter = bulk.among("{}", contacts)
        self._any = bool(contacts)
        self.once: list[Any] = [parameter] if contacts else []
        self.twice = [*self.once, *self.once]

    def of(self, column: str) -> str:
        """For rows of which a column names the contact; takes the parameters `once`."""
        return f" AND NOT {self._test.format(column)}" if self._any else ""

    @property
    def of_scores(self) -> str:
        """For rows of a profile and a record; takes the parameters `twice`."""
        if not self._any:
            return ""
        kind = "profile_id IN (SELECT id FROM profiles WHERE applies_to = '{}')"
        deals = f"record_id IN (SELECT id FROM deals WHERE {self._test.format('contact_id')})"
        return (
            f" AND NOT ({self._test.format('record_id')} AND {kind.format('contact')})"
            f" AND NOT ({deals} AND {kind.format('deal')})"
        )


def next_due(connection: Connection, shard: int) -> Micros | None:
    """When time alone may next change a score of the shard, or make a task overdue."""
    bulk = Bulk(connection)
    moments = (
        bulk.rows(f"SELECT min({due}) FROM {name} WHERE shard = ? AND {due} IS NOT NULL", shard)[0][0]
        for name, due in (("scores", "due_at"), ("tasks", "alarm_at"))
    )
    return min((moment for moment in moments if moment is not None), default=None)


def mark_applied(connection: Connection, event_ids: Collection[str]) -> None:
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", event_ids)
    bulk.run(f"UPDATE events SET status = {APPLIED} WHERE {test}", parameter)


def mark_revoked(connection: Connection, event_ids: Collection[str]) -> None:
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", event_ids)
    bulk.run(f"UPDATE events SET status = {REVOKED} WHERE {test}", parameter)


def mark_adjustments_applied(connection: Connection, points: Mapping[str, int]) -> None:
    Bulk(connection).each(
        f"UPDATE adjustments SET status = {APPLIED}, points = ? WHERE id = ?",
        [(value, adjustment_id) for adjustment_id, value in points.items()],
    )


def clear_touched(connection: Connection, records: str, ids: Collection[int]) -> None:
    """Note that the changed fields of `contacts` or `deals` have been looked at."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    bulk.run(f"UPDATE {records} SET touched = 0, before_touch = NULL WHERE {test}", parameter)


def fields_before(connection: Connection, records: str, ids: Collection[int]) -> dict[int, dict[str, Value]]:
    """What the changed fields of `contacts` or `deals` held before, by id and by the names of conditions."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    prefix = records.removesuffix("s")
    by_id = {}
    for record_id, held in bulk.rows(
        f"SELECT id, before_touch FROM {records} WHERE {test} AND before_touch IS NOT NULL", parameter
    ):
        values = orjson.loads(held) if isinstance(held, str | bytes) else held
        by_id[record_id] = {f"{prefix}.{name}": value for name, value in (values or {}).items()}
    return by_id


def forget_due(connection: Connection, profile_id: int, ids: Collection[int]) -> None:
    """Stop the clock of scores whose profile is not published any more."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("record_id", ids)
    bulk.run(f"UPDATE scores SET due_at = NULL WHERE profile_id = ? AND {test}", profile_id, parameter)


def quarantine(connection: Connection, errors: Mapping[str, str]) -> None:
    """Set events (or adjustments) aside with their errors; they count for nothing until they are queued again."""
    bulk = Bulk(connection)
    rows = [(EventStatus.QUARANTINED.value, error, cause_id) for cause_id, error in errors.items()]
    bulk.each("UPDATE events SET status = ?, error = ? WHERE id = ?", rows)
    bulk.each(f"UPDATE adjustments SET status = ?, error = ? WHERE id = ? AND status = {PENDING}", rows)


def settle_strays(connection: Connection, event_ids: Collection[str]) -> None:
    """Send events on whose contact was merged or erased, or whose deal was given away, while they were being stored.

    They become pending again in the shard of the contact that has taken over, and so do deals made with them; those of
    an erased contact go.
    """
    bulk = Bulk(connection)
    of_events, parameter = bulk.among("id", event_ids)
    of_deals = f"id IN (SELECT deal_id FROM events WHERE {of_events} AND deal_id IS NOT NULL)"
    alias = "(SELECT {} FROM contacts c WHERE c.id = {}.contact_id)"
    merged = "EXISTS (SELECT 1 FROM contacts c WHERE c.id = {}.contact_id AND c.merged_into IS NOT NULL)"
    gone = "NOT EXISTS (SELECT 1 FROM contacts c WHERE c.id = {}.contact_id)"
    for name, test in (("deals", of_deals), ("events", of_events)):
        also = ", touched = 1" if name == "deals" else ""
        bulk.run(
            f"UPDATE {name} SET contact_id = {alias.format('c.merged_into', name)}, "
            f"shard = {alias.format('c.shard', name)}{also} WHERE {test} AND {merged.format(name)}",
            parameter,
        )
    bulk.run(f"DELETE FROM deals WHERE {of_deals} AND {gone.format('deals')}", parameter)
    bulk.run(f"DELETE FROM events WHERE {of_events} AND {gone.format('events')}", parameter)
    deal = "(SELECT {} FROM deals d WHERE d.id = events.deal_id)"
    bulk.run(
        f"UPDATE events SET contact_id = {deal.format('d.contact_id')}, shard = {deal.format('d.shard')} "
        f"WHERE {of_events} AND EXISTS (SELECT 1 FROM deals d WHERE d.id = events.deal_id "
        "AND d.contact_id <> events.contact_id)",
        parameter,
    )
