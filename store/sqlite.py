"""SQLite's own ways: how long it is waited for, and its write-ahead file."""

import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

#: The execution option of a connection that will write: until when (of `time.monotonic`) it waits for other programs.
WRITING = "kindling_write"
#: Pages after which a commit moves what is in the write-ahead file into the database, and the size that the file has
#: at most once nobody reads what is older.
CHECKPOINT_PAGES, MOST_LOG_BYTES = 8_000, 64 * 1024**2
#: Seconds that emptying the file waits for readers: writers wait behind it.
BRIEFLY = 0.02
#: Operations of SQLite's between two looks at the clock: some milliseconds.
_OPERATIONS = 100_000


def tune(engine: Engine, sync: str, patience: float) -> None:
    """Set up each connection and the way transactions begin. `patience`: seconds that reads wait for a lock.

    What is deleted is overwritten with zeros.
    """

    @event.listens_for(engine, "connect")
    def connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if sync == 'full' else 'NORMAL'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        cursor.execute(f"PRAGMA journal_size_limit={MOST_LOG_BYTES}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        until = connection.get_execution_options().get(WRITING)
        waits = patience if until is None else max(until - time.monotonic(), BRIEFLY)
        _raw(connection).execute(f"PRAGMA busy_timeout={int(waits * 1000)}")
        connection.exec_driver_sql("BEGIN" if until is None else "BEGIN IMMEDIATE")


def cut_long(engine: Engine, seconds: float) -> None:
    """Stop each statement that takes longer."""

    @event.listens_for(engine, "connect")
    def connect(raw: Any, record: Any) -> None:
        until = record.info.setdefault("until", [time.monotonic() + seconds])
        raw.set_progress_handler(lambda: time.monotonic() > until[0], _OPERATIONS)

    @event.listens_for(engine, "before_cursor_execute")
    def begin(connection: Connection, *_: Any) -> None:
        connection.info["until"][0] = time.monotonic() + seconds


def log_size(database: Path) -> int:
    """Bytes of the write-ahead file."""
    log = database.with_name(database.name + "-wal")
    return log.stat().st_size if log.exists() else 0


def copy_log(connection: Connection) -> None:
    """Write into the database what is in the write-ahead file and no reader holds back; others may write meanwhile."""
    _raw(connection).execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def empty_log(connection: Connection) -> bool:
    """The same, and truncate the file; False while somebody reads what is older. The caller has the turn to write."""
    raw = _raw(connection)
    raw.execute(f"PRAGMA busy_timeout={int(BRIEFLY * 1000)}")
    busy: int = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


def _raw(connection: Connection) -> Any:
    """The driver's connection, on which nothing begins a transaction by itself."""
    return connection.connection.dbapi_connection
