"""The floor of rows that end in the database: the standard library's sqlite3 writes the rows that Kindling wrote."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from store.statuses import APPLIED, PENDING

Row = tuple[Any, ...]
#: Events a transaction.
SCORED_AT_ONCE = 1_000
TAKEN_AT_ONCE = 500
#: What scoring writes, besides the marks on the events.
_WRITTEN = ("entries", "scores", "changes", "enrollments", "skips")


class Unequal(Exception):
    """The floor did not end with the rows of the product: the comparison would not be fair."""


class _Script(NamedTuple):
    """One transaction: statements, each with the rows it runs for."""

    statements: list[tuple[str, list[Row]]]

    def run(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for statement, rows in self.statements:
            connection.executemany(statement, rows)
        connection.execute("COMMIT")


class BareStore:
    """A copy of the product's database, schema and settings included, that bare scripts bring up to date again.

    Each method compares the copy with the product's database first, so that the timed part only writes.
    """

    def __init__(self, product: Path, copy: Path) -> None:
        with closing(sqlite3.connect(product)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        self._connection = sqlite3.connect(copy, isolation_level=None)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "cache_size=-65536",
            "temp_store=MEMORY",
            "wal_autocheckpoint=8000",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("ATTACH ? AS product", (f"file:{product}?mode=ro",))

    def close(self) -> None:
        self._connection.close()

    def take_events(self) -> float:
        """Insert the events that the product has more; how many seconds it took."""
        new = self._rows(
            "SELECT * FROM product.events WHERE id NOT IN (SELECT id FROM main.events) ORDER BY rowid"
        )
        insert = self._insert("events")
        return self._time(_Script([(insert, rows)]) for rows in _chunks(new, TAKEN_AT_ONCE))

    def score_events(self) -> float:
        """Write what scoring the product's new events left in its tables; how many seconds it took."""
        self._add_pending()
        pending = self._rows(
            f"SELECT id, contact_id FROM main.events WHERE status = {PENDING} ORDER BY shard, received_at, id"
        )
        scripts = [_Script(statements) for statements in self._transactions(pending)]
        seconds = self._time(scripts)
        for name in (*_WRITTEN, "events"):
            if self._more("product", "main", name) or self._more("main", "product", name):
                raise Unequal(f"table {name} differs")
        return seconds

    def _add_pending(self) -> None:
        columns = ", ".join("0" if name == "status" else name for name in self._columns("events"))
        self._connection.execute(
            f"INSERT INTO main.events SELECT {columns} FROM product.events "
            "WHERE id NOT IN (SELECT id FROM main.events)"
        )

    def _transactions(self, pending: Sequence[Row]) -> Iterator[list[tuple[str, list[Row]]]]:
        """The rows that differ now, each in the transaction of the event or the contact that it belongs to."""
        by_event = {row[0]: index // SCORED_AT_ONCE for index, row in enumerate(pending)}
        by_contact = {row[1]: index // SCORED_AT_ONCE for index, row in enumerate(pending)}
        last = (len(pending) - 1) // SCORED_AT_ONCE
        sorted_out: list[dict[str, list[Row]]] = [{} for _ in range(last + 1)]

        def put(name: str, rows: Iterable[Row], event: str, contact: str, columns: Sequence[str]) -> None:
            event_at, contact_at = columns.index(event), columns.index(contact)
            for row in rows:
                index = by_event.get(row[event_at], by_contact.get(row[contact_at], last))
                sorted_out[index].setdefault(name, []).append(row)

        places = {
            "entries": ("cause_id", "record_id"),
            "changes": ("cause_id", "record_id"),
            "enrollments": ("event_id", "contact_id"),
            "skips": ("origin", "contact_id"),
        }
        for name, (event, contact) in places.items():
            put(name, self._more("product", "main", name), event, contact, self._columns(name))
        gone = self._more("main", "product", "entries")
        put("gone", gone, "cause_id", "record_id", self._columns("entries"))
        scores: dict[int, list[Row]] = {}
        for row in self._more("product", "main", "scores"):
            scores.setdefault(row[1], []).append(row)
        mark = f"UPDATE events SET status = {APPLIED} WHERE id = ?"
        remove = (
            "DELETE FROM entries WHERE profile_id = ? AND record_id = ? AND starts_at = ? AND cause_id = ?"
            " AND rule = ?"
        )
        for events, changed in zip(_chunks(pending, SCORED_AT_ONCE), sorted_out, strict=True):
            contacts = sorted({row[1] for row in events})
            yield [
                (remove, [row[:5] for row in changed.get("gone", ())]),
                *((self._insert(name), changed.get(name, [])) for name in places),
                (self._upsert_score(), [row for contact in contacts for row in scores.get(contact, ())]),
                (mark, [row[:1] for row in events]),
            ]

    def _time(self, scripts: Iterable[_Script]) -> float:
        ready = list(scripts)
        began = time.perf_counter()
        for script in ready:
            script.run(self._connection)
        return time.perf_counter() - began

    def _upsert_score(self) -> str:
        columns = self._columns("scores")
        changed = ", ".join(f"{name} = excluded.{name}" for name in columns[2:])
        return f"{self._insert('scores')} ON CONFLICT (profile_id, record_id) DO UPDATE SET {changed}"

    def _insert(self, name: str) -> str:
        columns = self._columns(name)
        return f"INSERT INTO main.{name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"

    def _columns(self, name: str) -> list[str]:
        return [row[1] for row in self._rows(f"PRAGMA main.table_info({name})")]

    def _more(self, here: str, there: str, name: str) -> list[Row]:
        """The rows that one side has and the other lacks, in the order of the key."""
        return self._rows(f"SELECT * FROM {here}.{name} EXCEPT SELECT * FROM {there}.{name} ORDER BY 1, 2, 3")

    def _rows(self, statement: str) -> list[Row]:
        return self._connection.execute(statement).fetchall()


def _chunks(rows: Sequence[Row], size: int) -> Iterator[list[Row]]:
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])
