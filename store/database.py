"""The database: engine, transactions, locks. SQLite by default, PostgreSQL by `DATABASE_URL`."""

from _thread import LockType
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, select, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from runtime.errors import ReadableError
from store.tables import Shard, table
from store.turnstile import Turnstile

__all__ = [
    "DBAPIError",
    "Database",
    "DatabaseUnavailable",
    "OperationalError",
    "dump_json",
    "lock_shards",
]

#: How many rows, if they may be long, are fetched at a time.
A_FEW = 16
T = TypeVar("T")
R = TypeVar("R")
ATTEMPTS = 6


class DatabaseUnavailable(ReadableError):
    """The database cannot be reached or opened; the message names it (without password) and the remedy."""


def dump_json(value: Any) -> str:
    """JSON text as the store keeps it."""
    return orjson.dumps(value).decode()


class Database:
    """Connections and transactions. One per process; safe to use from many threads.

    `read()` and `write()` yield a connection inside a transaction that commits when the block ends and rolls back
    when it raises. `write(shards)` first locks those shards, in ascending order, and counts up their versions.
    """

    def __init__(self, url: str, *, sync: str = "full", pool_size: int = 16) -> None:
        self.url = _parse(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {
            "json_serializer": dump_json,
            "json_deserializer": orjson.loads,
            "hide_parameters": True,
            "pool_size": pool_size,
            "max_overflow": 16,
        }
        self._turnstile: Turnstile | None = None
        self._computing = Lock() if self.is_sqlite else None
        if self.is_sqlite:
            path = Path(self.url.database or "")
            if not path.parent.is_dir():
                raise DatabaseUnavailable(
                    f"the database {path} cannot be opened: the folder {path.parent} does not exist; create it or "
                    "change KINDLING_HOME or DATABASE_URL"
                )
            self._turnstile = Turnstile(path)
            options |= {"poolclass": QueuePool, "connect_args": {"check_same_thread": False}}
        else:
            options |= {
                "pool_pre_ping": True,
                "isolation_level": "READ COMMITTED",
                "connect_args": {"connect_timeout": 10},
            }
        self.engine: Engine = create_engine(self.url, **options)
        if self.is_sqlite:
            _tune_sqlite(self.engine, sync)

    @property
    def name(self) -> str:
        """The database as it may be shown: without a password."""
        return self.url.render_as_string(hide_password=True)

    def close(self) -> None:
        self.engine.dispose()

    def turn(self) -> AbstractContextManager[None]:
        """The right to write to SQLite; nothing on PostgreSQL."""
        return self._turnstile.turn() if self._turnstile else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.opened() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, shards: Iterable[int] = ()) -> Iterator[Connection]:
        with self.turn(), self.opened() as connection:
            writer = connection.execution_options(kindling_write=True)
            with writer.begin():
                lock_shards(writer, shards)
                yield writer

    def run(self, work: Callable[[Connection], T], shards: Iterable[int] = ()) -> T:
        """Do `work` in a write transaction, again when PostgreSQL reports a deadlock. `work` may run more than once."""
        shards = tuple(shards)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.write(shards) as connection:
                    return work(connection)
            except DBAPIError as error:
                if attempt == ATTEMPTS or getattr(error.orig, "sqlstate", None) not in ("40P01", "40001"):
                    raise
        raise AssertionError

    def run_ahead(
        self, read: Callable[[Connection], R], save: Callable[[Connection, R], T], shard: int
    ) -> T | None:
        """Do the reading and thinking of a change of a shard before its lock is taken, and only save under it.

        `read` gets a connection that only reads, and raises what the caller should see where there is nothing to do.
        `save` may run more than once. None, and nothing is saved, when somebody else has held the shard's lock in
        between: what was read may not be so any more.
        """
        turn = _Turn(self._computing)
        try:
            with self.read() as connection:
                version = _version(connection, shard)
                found = read(connection)

            def work(connection: Connection) -> T | None:
                untouched = _version(connection, shard) == version + 1
                saved = save(connection, found) if untouched else None
                turn.end()
                return saved

            return self.run(work, [shard])
        finally:
            turn.end()

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        """A connection outside any transaction; raises DatabaseUnavailable."""
        try:
            connection = self.engine.connect()
        except DBAPIError as error:
            trouble, remedy = "reached", "start it, or correct DATABASE_URL"
            if self.is_sqlite:
                trouble = "used"
                remedy = "check that the file is a database and may be written, or change DATABASE_URL or KINDLING_HOME"
            raise DatabaseUnavailable(
                f"the database {self.name} cannot be {trouble} ({_first_line(error)}); {remedy}"
            ) from error
        with connection:
            yield connection


class _Turn:
    """A turn of `run_ahead`, up to the commit.

    On SQLite the threads of a process take turns: while one computes, another would wait for the interpreter at each
    row that it writes. During a commit the next one can compute.
    """

    def __init__(self, lock: LockType | None) -> None:
        self._lock = lock
        if lock is not None:
            lock.acquire()

    def end(self) -> None:
        """Once; again changes nothing."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()


def _version(connection: Connection, shard: int) -> int:
    """How many transactions have held the shard's lock."""
    rows = table(Shard)
    found: int = connection.execute(select(rows.c.version).where(rows.c.id == shard)).scalar_one()
    return found


def lock_shards(connection: Connection, shards: Iterable[int]) -> None:
    """Become the only writer of these shards until the transaction ends, and count up their versions."""
    rows = table(Shard)
    wanted = sorted(set(shards))
    if len(wanted) > 1 and connection.dialect.name != "sqlite":
        ordered = select(rows.c.id).where(rows.c.id.in_(wanted)).order_by(rows.c.id)
        connection.execute(ordered.with_for_update()).all()
    if wanted:
        counted = update(rows).where(rows.c.id.in_(wanted)).values(version=rows.c.version + 1)
        connection.execute(counted)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnavailable(
            "DATABASE_URL is not a database address; write postgresql://user:password@host/name or sqlite:////file"
        ) from None
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise DatabaseUnavailable(
            f"DATABASE_URL names the database {parsed.get_backend_name()!r}; Kindling works with sqlite and postgresql"
        )
    return parsed


def _tune_sqlite(engine: Engine, sync: str) -> None:
    @event.listens_for(engine, "connect")
    def connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if sync == 'full' else 'NORMAL'}")
        cursor.execute("PRAGMA busy_timeout=60000")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.execute("PRAGMA wal_autocheckpoint=8000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("kindling_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no reason given"
