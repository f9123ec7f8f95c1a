"""The batch path: read what a shard has pending, write what scoring made of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from conditions.times import Micros
from scoring.ledger import Adjustment, Entry, Event, Standing
from scoring.progress import ScoreChange, Stored
from store.bulk import Bulk
from store.database import dump_json
from store.facts import Properties
from store.tables import Change, Enrollment, EventStatus, Skip, table
from store.tables import Entry as EntryRow


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


class Due(NamedTuple):
    """Everything a shard has to do now, up to a limit of each kind. `overdue`: record ids by profile id."""

    events: list[PendingEvent]
    adjustments: list[PendingAdjustment]
    touched: dict[int, int]
    overdue: dict[int, list[int]]

    @property
    def size(self) -> int:
        return (
            len(self.events)
            + len(self.adjustments)
            + len(self.touched)
            + sum(len(ids) for ids in self.overdue.values())
        )


def due_work(connection: Connection, shard: int, now: Micros, limit: int) -> Due:
    """What the shard has pending: events by arrival, adjustments, touched contacts, overdue scores."""
    bulk = Bulk(connection)
    events = [
        PendingEvent(Event(row[0], row[2], row[3], Properties(row[5])), row[1], row[4], bool(row[6]), row[7])
        for row in bulk.rows(
            "SELECT id, contact_id, type, occurred_at, received_at, properties, silent, depth FROM events "
            "WHERE status = 0 AND shard = ? ORDER BY received_at, id LIMIT ?",
            shard,
            limit,
        )
    ]
    adjustments = [
        PendingAdjustment(*row)
        for row in bulk.rows(
            "SELECT id, profile_id, record_id, points, set_to, at, ends_at, silent, depth FROM adjustments "
            "WHERE status = 0 AND shard = ? ORDER BY at, id LIMIT ?",
            shard,
            limit,
        )
    ]
    touched = {
        row[0]: row[1]
        for row in bulk.rows(
            "SELECT id, touched FROM contacts WHERE touched > 0 AND shard = ? ORDER BY id LIMIT ?",
            shard,
            limit,
        )
    }
    overdue: dict[int, list[int]] = {}
    for profile_id, record_id in bulk.rows(
        "SELECT profile_id, record_id FROM scores WHERE shard = ? AND due_at <= ? ORDER BY due_at LIMIT ?",
        shard,
        now,
        limit,
    ):
        overdue.setdefault(profile_id, []).append(record_id)
    return Due(events, adjustments, touched, overdue)


def next_due(connection: Connection, shard: int) -> Micros | None:
    """When time alone may next change a score of the shard."""
    found: Micros | None = Bulk(connection).rows(
        "SELECT min(due_at) FROM scores WHERE shard = ? AND due_at IS NOT NULL", shard
    )[0][0]
    return found


def load_scores(connection: Connection, profile_id: int, ids: Collection[int]) -> dict[int, Stored]:
    """What is stored of the records' scores under one profile."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("record_id", ids)
    rows = bulk.rows(
        "SELECT record_id, version, score, standing, scored_at, due_at, seq FROM scores "
        f"WHERE profile_id = ? AND {test}",
        profile_id,
        parameter,
    )
    return {
        row[0]: Stored(row[1], row[2], Standing.from_json(orjson.loads(row[3])), row[4], row[5], row[6])
        for row in rows
    }


def load_score_values(connection: Connection, profile_id: int, ids: Collection[int]) -> dict[int, int | None]:
    """Only the scores, for filters that read another profile's."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("record_id", ids)
    return {
        row[0]: row[1]
        for row in bulk.rows(
            f"SELECT record_id, score FROM scores WHERE profile_id = ? AND {test}", profile_id, parameter
        )
    }


_ENTRY = "e.record_id, e.rule, e.cause_id, e.points, e.starts_at, e.ends_at, e.limit_window"


def load_mortal(
    connection: Connection, profile_id: int, ids: Collection[int], since: Micros
) -> dict[int, list[Entry]]:
    """The entries that end after `since`. Of the oldest scoring of these records, it gives all that may count."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("e.record_id", ids)
    return _by_record(
        bulk.rows(
            f"SELECT {_ENTRY} FROM entries e WHERE e.profile_id = ? AND {test} AND e.ends_at > ?",
            profile_id,
            parameter,
            since,
        )
    )


def load_windows(
    connection: Connection, profile_id: int, windows: Collection[tuple[int, str, int]]
) -> dict[int, list[Entry]]:
    """The entries of limit windows: (record id, rule, window)."""
    bulk = Bulk(connection)
    wanted, parameters = bulk.table(("record_id", "rule", "limit_window"), list(windows))
    return _by_record(
        bulk.rows(
            # CROSS JOIN: SQLite must begin with the few windows, not with the many entries.
            f"SELECT {_ENTRY} FROM {wanted} w CROSS JOIN entries e WHERE e.profile_id = ? "
            "AND e.record_id = w.record_id AND e.rule = w.rule AND e.limit_window = w.limit_window",
            *parameters,
            profile_id,
        )
    )


def _by_record(rows: Iterable[Sequence[Any]]) -> dict[int, list[Entry]]:
    found: dict[int, list[Entry]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Entry(*row[1:]))
    return found


def load_applied_events(connection: Connection, ids: Collection[int]) -> dict[int, list[Event]]:
    """Every applied event of the contacts, by contact, in the order (occurred_at, id)."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("contact_id", ids)
    found: dict[int, list[Event]] = {}
    for row in bulk.rows(
        f"SELECT contact_id, id, type, occurred_at, properties FROM events WHERE {test} AND status = 1 "
        "ORDER BY contact_id, occurred_at, id",
        parameter,
    ):
        found.setdefault(row[0], []).append(Event(row[1], row[2], row[3], Properties(row[4])))
    return found


def load_applied_adjustments(
    connection: Connection, profile_id: int, ids: Collection[int]
) -> dict[int, list[Adjustment]]:
    """Every applied adjustment of the records under one profile."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("record_id", ids)
    found: dict[int, list[Adjustment]] = {}
    for row in bulk.rows(
        f"SELECT record_id, id, points, at, ends_at FROM adjustments WHERE profile_id = ? AND {test} "
        "AND status = 1 ORDER BY at, id",
        profile_id,
        parameter,
    ):
        found.setdefault(row[0], []).append(Adjustment(*row[1:]))
    return found


class ScoreRow(NamedTuple):
    """A score to be written; `changed_at` None leaves the stored one."""

    profile_id: int
    record_id: int
    shard: int
    version: int
    score: int | None
    standing: str
    scored_at: Micros
    changed_at: Micros | None
    due_at: Micros | None
    seq: int


class NewEnrollment(NamedTuple):
    id: str
    automation_id: int
    version: int
    contact_id: int
    deal_id: int | None
    shard: int
    origin: str
    profile_id: int | None
    change_seq: int | None
    event_id: str | None
    cause: str
    previous: int | None
    current: int | None
    depth: int
    created_at: Micros


class NewSkip(NamedTuple):
    automation_id: int
    origin: str
    version: int
    contact_id: int
    reason: str
    at: Micros


def standing_text(standing: Standing) -> str:
    return dump_json(standing.as_json())


def save_scores(connection: Connection, rows: Sequence[ScoreRow]) -> None:
    """Insert or replace scores."""
    Bulk(connection).each(
        "INSERT INTO scores (profile_id, record_id, shard, version, score, standing, scored_at, changed_at, "
        "due_at, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (profile_id, record_id) DO UPDATE SET "
        "version = excluded.version, score = excluded.score, standing = excluded.standing, "
        "scored_at = excluded.scored_at, changed_at = coalesce(excluded.changed_at, scores.changed_at), "
        "due_at = excluded.due_at, seq = excluded.seq",
        list(rows),
    )


def save_entries(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert entries: (profile_id, record_id, starts_at, cause_id, rule, points, ends_at, limit_window)."""
    Bulk(connection).insert(
        table(EntryRow),
        ("profile_id", "record_id", "starts_at", "cause_id", "rule", "points", "ends_at", "limit_window"),
        rows,
    )


def delete_entries(connection: Connection, rows: Sequence[tuple[int, int, Micros, str, str]]) -> None:
    Bulk(connection).each(
        "DELETE FROM entries WHERE profile_id = ? AND record_id = ? AND starts_at = ? AND cause_id = ? AND rule = ?",
        list(rows),
    )


def clear_entries(connection: Connection, rows: Sequence[tuple[int, int]]) -> None:
    """Delete all entries of (profile, record) pairs."""
    Bulk(connection).each("DELETE FROM entries WHERE profile_id = ? AND record_id = ?", list(rows))


def save_changes(
    connection: Connection,
    profile_id: int,
    version: int,
    now: Micros,
    rows: Sequence[tuple[int, ScoreChange]],
) -> None:
    """Record changes: (record id, change)."""
    Bulk(connection).insert(
        table(Change),
        (
            "profile_id",
            "record_id",
            "seq",
            "version",
            "previous",
            "current",
            "cause",
            "cause_id",
            "at",
            "silent",
            "depth",
        ),
        [
            (
                profile_id,
                record_id,
                change.seq,
                version,
                change.previous,
                change.current,
                change.cause,
                change.cause_id,
                now,
                change.silent,
                change.depth,
            )
            for record_id, change in rows
        ],
    )


def save_enrollments(connection: Connection, rows: Sequence[NewEnrollment]) -> None:
    Bulk(connection).insert(
        table(Enrollment),
        (*NewEnrollment._fields, "status", "attempt", "closing"),
        [(*row, "queued", 1, False) for row in rows],
        "ON CONFLICT DO NOTHING",
    )


def save_skips(connection: Connection, rows: Sequence[NewSkip]) -> None:
    Bulk(connection).insert(table(Skip), NewSkip._fields, rows, "ON CONFLICT DO NOTHING")


def replace_running(connection: Connection, ids: Sequence[str], now: Micros) -> None:
    """End enrollments because the record entered the same automation anew; their workflows have still to be told."""
    Bulk(connection).each(
        "UPDATE enrollments SET status = 'replaced', closing = ?, finished_at = ? "
        "WHERE id = ? AND status IN ('queued', 'running')",
        [(True, now, enrollment_id) for enrollment_id in ids],
    )


def mark_applied(connection: Connection, event_ids: Collection[str]) -> None:
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", event_ids)
    bulk.run(f"UPDATE events SET status = 1 WHERE {test}", parameter)


def mark_adjustments_applied(connection: Connection, points: Mapping[str, int]) -> None:
    Bulk(connection).each(
        "UPDATE adjustments SET status = 1, points = ? WHERE id = ?",
        [(value, adjustment_id) for adjustment_id, value in points.items()],
    )


def clear_touched(connection: Connection, ids: Collection[int]) -> None:
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    bulk.run(f"UPDATE contacts SET touched = 0 WHERE {test}", parameter)


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
    bulk.each("UPDATE adjustments SET status = ?, error = ? WHERE id = ? AND status = 0", rows)


def load_guards(
    connection: Connection, pairs: Collection[tuple[int, int]]
) -> dict[tuple[int, int], tuple[Micros | None, list[str]]]:
    """By (automation id, contact id): the last enrollment's time and the enrollments that run."""
    bulk = Bulk(connection)
    automations, automations_parameter = bulk.among("automation_id", {pair[0] for pair in pairs})
    contacts, contacts_parameter = bulk.among("contact_id", {pair[1] for pair in pairs})
    found: dict[tuple[int, int], tuple[Micros | None, list[str]]] = {}
    for automation_id, contact_id, enrollment_id, status, created_at in bulk.rows(
        f"SELECT automation_id, contact_id, id, status, created_at FROM enrollments "
        f"WHERE {contacts} AND {automations} ORDER BY created_at, id",
        contacts_parameter,
        automations_parameter,
    ):
        _, running = found.get((automation_id, contact_id), (None, []))
        if status in ("queued", "running"):
            running.append(enrollment_id)
        found[automation_id, contact_id] = (created_at, running)
    return found
