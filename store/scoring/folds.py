"""How far the folds of long histories have come; see `engine.scores.folding`."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import orjson
from sqlalchemy import Connection

from conditions.times import Micros
from scoring.entries import Entry, Place
from scoring.standing import Standing
from store.bulk import Bulk
from store.scoring.ledgers import standing_text


class FoldRow(NamedTuple):
    """As of `at`, `standing` holds the events up to `place`, or all if it is `done`."""

    profile_id: int
    record_id: int
    contact_id: int
    shard: int
    version: int
    at: Micros
    place: Place
    standing: Standing
    reads: bool
    done: bool = False


def folds_of_shard(connection: Connection, shard: int) -> list[FoldRow]:
    """All there are."""
    names = (*FoldRow._fields[:6], "place_at", "place_id", "standing", "reads", "done")
    rows = Bulk(connection).rows(
        f"SELECT {', '.join(names)} FROM folds WHERE shard = ? ORDER BY profile_id, record_id", shard
    )
    folds = []
    for values in rows:
        row = dict(zip(names, values, strict=True))
        place = row.pop("place_at"), row.pop("place_id")
        row |= {
            "standing": _standing(row["standing"]),
            "reads": bool(row["reads"]),
            "done": bool(row["done"]),
        }
        folds.append(FoldRow(place=place, **row))
    return folds


def _standing(text: str) -> Standing:
    return Standing.from_json(orjson.loads(text))


def save_folds(connection: Connection, folds: Iterable[FoldRow]) -> None:
    """Insert or replace."""
    Bulk(connection).each(
        "INSERT INTO folds (profile_id, record_id, contact_id, shard, version, at, place_at, place_id, standing, "
        "reads, done) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (profile_id, record_id) DO UPDATE SET "
        "contact_id = excluded.contact_id, shard = excluded.shard, version = excluded.version, at = excluded.at, "
        "place_at = excluded.place_at, place_id = excluded.place_id, standing = excluded.standing, "
        "reads = excluded.reads, done = excluded.done",
        [(*fold[:6], *fold.place, standing_text(fold.standing), fold.reads, fold.done) for fold in folds],
    )


def forget_folds(connection: Connection, folds: Iterable[FoldRow]) -> None:
    Bulk(connection).each(
        "DELETE FROM folds WHERE profile_id = ? AND record_id = ?",
        [(fold.profile_id, fold.record_id) for fold in folds],
    )


def begin_anew(connection: Connection, contact_ids: Collection[int], *, only_reading: bool = False) -> None:
    """Contacts and their deals have changed: what was folded of them so far is not so any more.

    `only_reading`: fields alone, which matter to rules that read some. The shards are locked.
    """
    bulk = Bulk(connection)
    test, parameter = bulk.among("contact_id", contact_ids)
    bulk.run(f"DELETE FROM folds WHERE {test}{' AND reads' if only_reading else ''}", parameter)


def long_records(connection: Connection, kind: str, ids: Collection[int], most: int) -> list[int]:
    """Those of the records that have more than so many events, whatever became of them."""
    if not ids:
        return []
    bulk = Bulk(connection)
    wanted, parameters = bulk.table(("record_id",), [(record_id,) for record_id in ids])
    return [
        row[0]
        for row in bulk.rows(
            f"SELECT w.record_id FROM {wanted} w WHERE EXISTS (SELECT 1 FROM events e "
            f"WHERE e.{kind}_id = w.record_id ORDER BY e.occurred_at, e.id LIMIT 1 OFFSET ?)",
            *parameters,
            most,
        )
    ]


def entries_between(
    connection: Connection, profile_id: int, record_id: int, after: Place, last: Place | None
) -> list[Entry]:
    """What events gave one record, those after a place in its history and up to another, or to its end."""
    until, parameters = (" AND (starts_at, cause_id) <= (?, ?)", last) if last is not None else ("", ())
    return [
        Entry(*row)
        for row in Bulk(connection).rows(
            "SELECT rule, cause_id, points, starts_at, ends_at, limit_window FROM entries WHERE profile_id = ? "
            f"AND record_id = ? AND (starts_at, cause_id) > (?, ?){until}",
            profile_id,
            record_id,
            *after,
            *parameters,
        )
    ]
