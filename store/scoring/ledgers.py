"""Scores, ledgers and changes of the batch path: read what is stored, write what scoring made of it."""

from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from conditions.times import Micros
from scoring.entries import Entry, Place
from scoring.progress import ScoreChange, Stored
from scoring.standing import Standing
from store.bulk import Bulk
from store.database import dump_json
from store.tables import Change, table
from store.tables import Entry as EntryRow


def load_scores(connection: Connection, profile_id: int, ids: Collection[int]) -> dict[int, Stored]:
    """What is stored of the records' scores under one profile."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("record_id", ids)
    scores = bulk.rows(
        "SELECT record_id, version, score, standing, scored_at, due_at, seq FROM scores "
        f"WHERE profile_id = ? AND {test}",
        profile_id,
        parameter,
    )
    return {
        row[0]: Stored(row[1], row[2], Standing.from_json(orjson.loads(row[3])), row[4], row[5], row[6])
        for row in scores
    }


def load_score_values(
    connection: Connection, profile_id: int, ids: Collection[int], emptied: int
) -> dict[int, int | None]:
    """Only the scores, for filters that read another profile's; those of versions up to `emptied` are empty."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("record_id", ids)
    return {
        row[0]: row[1]
        for row in bulk.rows(
            f"SELECT record_id, score FROM scores WHERE profile_id = ? AND {test} AND version > ?",
            profile_id,
            parameter,
            emptied,
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


def load_ending(
    connection: Connection, profile_id: int, record_id: int, rules: Collection[str], moment: Micros
) -> list[Entry]:
    """The entries that some rules gave one record and that end after a moment."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("e.rule", rules)
    return [
        Entry(*row[1:])
        for row in bulk.rows(
            f"SELECT {_ENTRY} FROM entries e WHERE e.profile_id = ? AND e.record_id = ? AND {test} AND e.ends_at > ?",
            profile_id,
            record_id,
            parameter,
            moment,
        )
    ]


def entries_after(
    connection: Connection, profile_id: int, record_id: int, rule: str, place: Place, limit: int
) -> list[Entry]:
    """The entries that one rule gave one record, those after a place in its history, in order."""
    return [
        Entry(*row[1:])
        for row in Bulk(connection).rows(
            f"SELECT {_ENTRY} FROM entries e WHERE e.profile_id = ? AND e.record_id = ? AND e.rule = ? "
            "AND (e.starts_at, e.cause_id) > (?, ?) ORDER BY e.starts_at, e.cause_id LIMIT ?",
            profile_id,
            record_id,
            rule,
            *place,
            limit,
        )
    ]


def load_windows(
    connection: Connection,
    profile_id: int,
    windows: Sequence[tuple[int, str, int, Micros, Micros]],
    last: Place | None = None,
) -> dict[int, list[Entry]]:
    """The entries of limit windows: (record id, rule, window, from, until); those up to a place in the history."""
    bulk = Bulk(connection)
    until, place = (" AND (e.starts_at, e.cause_id) <= (?, ?)", last) if last is not None else ("", ())
    wanted, parameters = bulk.table(("record_id", "rule", "limit_window", "low", "high"), windows)
    return _by_record(
        bulk.rows(
            # CROSS JOIN: SQLite must begin with the few windows, not with the many entries.
            f"SELECT {_ENTRY} FROM {wanted} w CROSS JOIN entries e WHERE e.profile_id = ? "
            "AND e.record_id = w.record_id AND e.starts_at >= w.low AND e.starts_at <= w.high "
            f"AND e.rule = w.rule AND e.limit_window = w.limit_window{until}",
            *parameters,
            profile_id,
            *place,
        )
    )


def load_causes(
    connection: Connection, profile_id: int, causes: Collection[tuple[int, Micros, str]]
) -> dict[int, list[Entry]]:
    """The entries that causes gave: (record id, time, cause id)."""
    bulk = Bulk(connection)
    wanted, parameters = bulk.table(("record_id", "starts_at", "cause_id"), list(causes))
    return _by_record(
        bulk.rows(
            f"SELECT {_ENTRY} FROM {wanted} w CROSS JOIN entries e WHERE e.profile_id = ? "
            "AND e.record_id = w.record_id AND e.starts_at = w.starts_at AND e.cause_id = w.cause_id",
            *parameters,
            profile_id,
        )
    )


def _by_record(entries: Iterable[Sequence[Any]]) -> dict[int, list[Entry]]:
    by_record: dict[int, list[Entry]] = {}
    for row in entries:
        by_record.setdefault(row[0], []).append(Entry(*row[1:]))
    return by_record


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


def standing_text(standing: Standing) -> str:
    return dump_json(standing.as_json())


def save_scores(connection: Connection, scores: Sequence[ScoreRow]) -> None:
    """Insert or replace scores."""
    Bulk(connection).each(
        "INSERT INTO scores (profile_id, record_id, shard, version, score, standing, scored_at, changed_at, "
        "due_at, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (profile_id, record_id) DO UPDATE SET "
        "version = excluded.version, score = excluded.score, standing = excluded.standing, "
        "scored_at = excluded.scored_at, changed_at = coalesce(excluded.changed_at, scores.changed_at), "
        "due_at = excluded.due_at, seq = excluded.seq",
        list(scores),
    )


#: Of a record's id, an entry of its ledger.
OfRecord = tuple[int, Entry]


def save_entries(connection: Connection, profile_id: int, entries: Iterable[OfRecord]) -> None:
    """Insert entries, in the order of their key."""
    rows = [
        (
            profile_id,
            record_id,
            entry.starts_at,
            entry.cause_id,
            entry.rule,
            entry.points,
            entry.ends_at,
            entry.window,
        )
        for record_id, entry in entries
    ]
    rows.sort(key=itemgetter(1, 2, 3, 4))
    Bulk(connection).insert(
        table(EntryRow),
        ("profile_id", "record_id", "starts_at", "cause_id", "rule", "points", "ends_at", "limit_window"),
        rows,
    )


def delete_entries(connection: Connection, profile_id: int, entries: Iterable[OfRecord]) -> None:
    Bulk(connection).each(
        "DELETE FROM entries WHERE profile_id = ? AND record_id = ? AND starts_at = ? AND cause_id = ? AND rule = ?",
        [
            (profile_id, record_id, entry.starts_at, entry.cause_id, entry.rule)
            for record_id, entry in entries
        ],
    )


def clear_entries(connection: Connection, records: Sequence[tuple[int, int]]) -> None:
    """Delete all entries of (profile, record) pairs."""
    Bulk(connection).each("DELETE FROM entries WHERE profile_id = ? AND record_id = ?", list(records))


def save_changes(
    connection: Connection,
    profile_id: int,
    version: int,
    now: Micros,
    changes: Sequence[tuple[int, ScoreChange]],
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
            for record_id, change in changes
        ],
    )


def fold_anew(connection: Connection, kind: str, record_id: int, shard: int, cause: str, now: Micros) -> None:
    """Have the next batch fold the record's ledgers from its history, which has changed under them."""
    bulk = Bulk(connection)
    standings = bulk.rows(
        "SELECT p.id, p.version, s.standing FROM profiles p LEFT JOIN scores s ON s.profile_id = p.id "
        "AND s.record_id = ? WHERE p.applies_to = ? AND p.version IS NOT NULL",
        record_id,
        kind,
    )
    bulk.each(
        "UPDATE scores SET standing = ?, due_at = ? WHERE profile_id = ? AND record_id = ?",
        [
            (_stale(standing, cause), now, profile_id, record_id)
            for profile_id, _, standing in standings
            if standing is not None
        ],
    )
    nothing = _stale(standing_text(Standing()), cause)
    bulk.each(
        "INSERT INTO scores (profile_id, record_id, shard, version, standing, scored_at, due_at, seq) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
        [
            (profile_id, record_id, shard, version, nothing, now, now)
            for profile_id, version, standing in standings
            if standing is None
        ],
    )


def mark_stale(
    connection: Connection, profile_id: int, record_id: int, standing: Standing, cause: str, now: Micros
) -> None:
    """The same for one ledger."""
    standing.refold = cause
    Bulk(connection).run(
        "UPDATE scores SET standing = ?, due_at = ? WHERE profile_id = ? AND record_id = ?",
        standing_text(standing),
        now,
        profile_id,
        record_id,
    )


def _stale(standing: str, cause: str) -> str:
    kept = Standing.from_json(orjson.loads(standing))
    kept.refold = cause
    return standing_text(kept)
