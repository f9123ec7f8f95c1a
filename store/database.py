"""The database: engine, transactions, locks. SQLite by default, PostgreSQL by `DATABASE_URL`."""

import time
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
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import QueuePool

from store import sqlite
from store.tables import Shard, table
from store.trouble import CutOff, DatabaseLocked, DatabaseUnavailable, trouble_of
from store.turnstile import Turnstile

__all__ = [
    "CutOff",
    "DBAPIError",
    "Database",
    "DatabaseLocked",
    "DatabaseUnavailable",
    "OperationalError",
    "dump_json",
    "lock_shards",
]

_SHARDS = table(Shard)
#: How many rows, if they may be long, are fetched at a time.
A_FEW = 16
T = TypeVar("T")
R = TypeVar("R")
ATTEMPTS = 6
#: Seconds that a transaction waits for another program to let go of SQLite's lock; and, while this is known to be
#: held, that further ones do: else they would wait in line, each for its own.
PATIENCE, IMPATIENCE = 3.0, 0.2


def dump_json(value: Any) -> str:
    """JSON text as the store keeps it."""
    return orjson.dumps(value).decode()


class Database:
    """Connections and transactions. One per process; safe to use from many threads.

    `read()` and `write()` yield a connection inside a transaction that commits when the block ends and rolls back
    when it raises. `write(shards)` first locks those shards, in ascending order, and counts up their versions. Both
    raise DatabaseUnavailable when the database cannot be used, also in their middle; SQLite's lock, held by another
    program, is waited for some seconds. `longest`: seconds after which a statement is cut off, with CutOff.
    """

    def __init__(
        self,
        url: str,
        *,
        sync: str = "full",
        pool_size: int = 16,
        patience: float = PATIENCE,
        longest: float | None = None,
    ) -> None:
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
        self._patience = patience
        self._locked = False
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
            sqlite.tune(self.engine, sync, patience)
            if longest is not None:
                sqlite.cut_long(self.engine, longest)
        elif longest is not None:
            _cut_long(self.engine, longest)

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
        with self._usable(), self.opened() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, shards: Iterable[int] = ()) -> Iterator[Connection]:
        until = time.monotonic() + (min(self._patience, IMPATIENCE) if self._locked else self._patience)
        with self._usable(), self.turn(), self.opened() as connection:
            writer = connection.execution_options(**{sqlite.WRITING: until})
            try:
                transaction = writer.begin()
            except DBAPIError as error:
                self._locked = isinstance(self._trouble(error), DatabaseLocked)
                raise
            self._locked = False
            with transaction:
                lock_shards(writer, shards)
                yield writer

    def check(self) -> None:
        """Raises DatabaseUnavailable unless the database can be read and written to."""
        with self.write() as connection:
            connection.execute(select(table(Shard).c.id).limit(1)).all()

    def empty_log(self) -> bool:
        """Bring what SQLite's write-ahead file keeps into the database and empty the file; True when it is empty.

        Until then it holds copies of pages from before a deletion. Transactions that still read these keep it. Nothing
        on PostgreSQL.
        """
        if not self.is_sqlite or not self.log_size():
            return True
        with self._usable():
            with self.opened() as connection:
                sqlite.copy_log(connection)
            with self.turn(), self.opened() as connection:
                return sqlite.empty_log(connection)

    def log_size(self) -> int:
        """Bytes of SQLite's write-ahead file."""
        return sqlite.log_size(Path(self.url.database or "")) if self.is_sqlite else 0

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

    def try_out(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives in a write transaction that is taken back: nothing of it stays. Others wait meanwhile."""

        def undone(connection: Connection) -> T:
            raise _Undone(work(connection))

        try:
            return self.run(undone)
        except _Undone as result:
            value: T = result.args[0]
            return value

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
                basis = read(connection)

            def work(connection: Connection) -> T | None:
                untouched = _version(connection, shard) == version + 1
                saved = save(connection, basis) if untouched else None
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
            raise self._trouble(error, connecting=True) or error from error
        except NoConnectionFree as error:
            raise DatabaseUnavailable(
                f"all connections to the database {self.name} are taken; try again"
            ) from error
        with connection:
            yield connection

    @contextmanager
    def _usable(self) -> Iterator[None]:
        """Raises DatabaseUnavailable instead of what the driver says when the database cannot be used."""
        try:
            yield
        except DBAPIError as error:
            trouble = self._trouble(error)
            if trouble is None:
                raise
            raise trouble from error

    def _trouble(self, error: DBAPIError, *, connecting: bool = False) -> DatabaseUnavailable | None:
        return trouble_of(error, self.name, sqlite=self.is_sqlite, connecting=connecting)


def _cut_long(engine: Engine, seconds: float) -> None:
    """Have PostgreSQL stop each statement that takes longer."""

    @event.listens_for(engine, "connect")
    def connect(raw: Any, _record: Any) -> None:
        with raw.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {max(1, int(seconds * 1000))}")
        raw.commit()


class _Undone(Exception):
    """Takes a transaction back, with what was to be found out in it."""


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
    version: int = connection.execute(select(_SHARDS.c.version).where(_SHARDS.c.id == shard)).scalar_one()
    return version


def lock_shards(connection: Connection, shards: Iterable[int]) -> None:
    """Become the only writer of these shards until the transaction ends, and count up their versions."""
    wanted = sorted(set(shards))
    if len(wanted) > 1 and connection.dialect.name != "sqlite":
        ordered = select(_SHARDS.c.id).where(_SHARDS.c.id.in_(wanted)).order_by(_SHARDS.c.id)
        connection.execute(ordered.with_for_update()).all()
    if wanted:
        counted = update(_SHARDS).where(_SHARDS.c.id.in_(wanted)).values(version=_SHARDS.c.version + 1)
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
