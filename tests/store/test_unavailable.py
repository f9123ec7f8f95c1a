"""What happens while the database cannot be used, and that nothing is left of what was deleted."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from store import meta
from store.database import Database, DatabaseLocked, DatabaseUnavailable
from store.migrate import migrate
from store.patience import patiently

SHARDS = 4


@pytest.fixture
def file(sqlite_url: str) -> Iterator[Database]:
    """An SQLite database that gives up soon."""
    opened = Database(sqlite_url, sync="normal", patience=0.05)
    yield opened
    opened.close()


@pytest.fixture
def outsider(file: Database) -> Iterator[sqlite3.Connection]:
    """Another program with the same file, such as the shell of SQLite."""
    other = sqlite3.connect(file.url.database or "", isolation_level=None, check_same_thread=False)
    yield other
    other.close()


def noted(text: str) -> Callable[[Connection], None]:
    return lambda connection: meta.set_fact(connection, "noted", text)


def note_of(database: Database) -> str | None:
    with database.read() as connection:
        return meta.get_fact(connection, "noted")


def test_a_lock_of_another_program_is_said_and_not_waited_for_long(
    file: Database, outsider: sqlite3.Connection
) -> None:
    outsider.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        with pytest.raises(DatabaseLocked, match="locked by another program, such as a backup or a shell"):
            file.run(noted("in vain"))
    with pytest.raises(DatabaseLocked):
        file.check()
    outsider.execute("ROLLBACK")
    file.run(noted("done"))
    file.check()
    assert note_of(file) == "done"


def test_many_that_write_during_a_lock_are_all_told(file: Database, outsider: sqlite3.Connection) -> None:
    outsider.execute("BEGIN IMMEDIATE")
    refused = []

    def write() -> None:
        try:
            file.run(noted("in vain"))
        except DatabaseLocked as error:
            refused.append(error)

    threads = [threading.Thread(target=write) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 20


def test_those_who_read_are_told_of_an_exclusive_lock_too(
    file: Database, outsider: sqlite3.Connection
) -> None:
    file.engine.dispose()
    outsider.execute("PRAGMA locking_mode=EXCLUSIVE")
    outsider.execute("BEGIN EXCLUSIVE")
    outsider.execute("UPDATE shards SET version = 0")
    with pytest.raises(DatabaseLocked):
        note_of(file)


def test_who_has_nothing_to_migrate_starts_beside_a_lock(
    file: Database, outsider: sqlite3.Connection
) -> None:
    outsider.execute("BEGIN IMMEDIATE")
    migrate(file, SHARDS)


def test_patient_work_is_done_once_the_lock_is_free(file: Database, outsider: sqlite3.Connection) -> None:
    outsider.execute("BEGIN IMMEDIATE")
    told: list[str] = []

    def let_go(reason: str) -> None:
        told.append(reason)
        outsider.execute("ROLLBACK")

    patiently(lambda: file.run(noted("late")), let_go)
    assert note_of(file) == "late"
    assert len(told) == 1


def test_patience_ends(file: Database, outsider: sqlite3.Connection) -> None:
    outsider.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseLocked):
        patiently(lambda: file.run(noted("in vain")), seconds=0)


def test_a_full_disk_is_said(file: Database) -> None:
    def much(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        meta.set_fact(connection, "noted", "x" * 1_000_000)

    with pytest.raises(DatabaseUnavailable, match="is full.*room on the disk"):
        file.run(much)


@pytest.mark.postgres
def test_a_server_that_ends_in_the_middle_is_said(postgres_database_url: str) -> None:
    database = Database(postgres_database_url)

    def cut(connection: Connection) -> None:
        own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with database.read() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({own})")
        meta.set_fact(connection, "noted", "in vain")

    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        database.run(cut)
    assert note_of(database) is None
    database.close()


def test_a_mistake_in_a_statement_is_no_trouble_with_the_database(database: Database) -> None:
    def wrong(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")

    with pytest.raises(Exception, match="nowhere") as caught:
        database.run(wrong)
    assert not isinstance(caught.value, DatabaseUnavailable)


def test_the_write_ahead_file_is_emptied_once_nobody_reads_what_is_older(file: Database) -> None:
    with file.read() as reader:
        assert meta.get_fact(reader, "noted") is None
        for number in range(20):
            file.run(noted(f"{number}" * 10_000))
        assert not file.empty_log()
        assert file.log_size() > 200_000
        file.run(noted("writing goes on"))
    assert file.empty_log()
    assert file.log_size() == 0
    assert note_of(file) == "writing goes on"


def test_what_is_deleted_is_gone_from_every_file(file: Database) -> None:
    def add(connection: Connection) -> None:
        for number in range(50):
            meta.set_fact(connection, f"b7c1-{number}", "nobody-b7c1@kindling.example" * 9)

    def delete(connection: Connection) -> None:
        connection.exec_driver_sql("DELETE FROM meta WHERE key LIKE 'b7c1%'")

    file.run(add)
    file.run(delete)
    assert file.empty_log()
    path = Path(file.url.database or "")
    left = [one.name for one in path.parent.iterdir() if one.is_file() and b"b7c1" in one.read_bytes()]
    assert left == []
