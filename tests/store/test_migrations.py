"""The migrations make the schema that the tables describe, from nothing and from each earlier one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

import store.migrate
import store.tables
from store.database import Database
from store.migrate import migrate
from store.records.duplicates import shared_addresses
from store.search import NEVER_FOUND, ContactSearch, contact_search


def test_ids_of_erased_records_are_not_given_to_others(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.read() as connection:
        for name in ("contacts", "deals"):
            made = connection.execute(
                sa.text(f"SELECT sql FROM sqlite_master WHERE name = '{name}'")
            ).scalar_one()
            assert "AUTOINCREMENT" in made
    database.close()


def test_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


def _upgraded(database: Database, revision: str, *statements: str) -> None:
    """An empty database with the schema of a revision, and rows in it."""
    config = Config()
    config.set_main_option("script_location", str(Path(store.migrate.__file__).parent / "migrations"))
    with database.write() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database to make an earlier schema in."""
    file = f"sqlite:///{tmp_path / 'old.db'}"
    url = file if request.param == "sqlite" else request.getfixturevalue("postgres_database_url")
    database = Database(url, sync="normal")
    yield database
    database.close()


def test_the_first_schema_is_brought_up_with_its_rows(old: Database) -> None:
    _upgraded(
        old,
        "0001",
        "INSERT INTO contacts (key, shard, tags, dnd, fields, created_at, updated_at, touched) "
        "VALUES ('ada', 0, '[]', '[]', '{}', 1, 1, 0)",
    )
    migrate(old, 4)
    with old.read() as connection:
        assert connection.execute(sa.text("SELECT key, merged_into FROM contacts")).all() == [("ada", None)]
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


_SCRIPTS = ScriptDirectory(str(Path(store.migrate.__file__).parent / "migrations"))
#: Every schema but the present one, the first first.
EARLIER = [step.revision for step in _SCRIPTS.walk_revisions()][:0:-1]
#: The words that columns of these names hold, and the columns of JSON that hold no object.
WORDS = {
    "deals": {"status": "open"},
    "meta": {"key": "shards", "value": "4"},
    "enrollments": {"status": "running", "cause": "event"},
    "publications": {"status": "done"},
    "tasks": {"status": "open"},
    "notifications": {"status": "recorded"},
    "webhooks": {"status": "delivered"},
}
LISTS = ("tags", "dnd", "channels", "calls", "targets", "reached")
#: What migrations are meant to make of rows that are there, by (table, column).
MEANT: dict[tuple[str, str], Any] = {}


def _filled(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """A row in each table, with something in each column; by the table's name."""
    rows = {}
    inspector = sa.inspect(connection)
    for name in inspector.get_table_names():
        if name == "alembic_version":
            continue
        columns = inspector.get_columns(name)
        row = {column["name"]: _something(name, column["name"], column["type"]) for column in columns}
        into = sa.table(name, *(sa.column(column["name"], column["type"]) for column in columns))
        connection.execute(sa.insert(into).values(row))
        rows[name] = row
    return rows


def _something(name: str, column: str, kind: Any) -> Any:
    if isinstance(kind, sa.JSON):
        return ["this"] if column in LISTS else {"this": {"is": ["\u00e4", 5, None]}}
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.Integer):
        return 1
    if isinstance(kind, sa.LargeBinary):
        return b"this"
    return WORDS.get(name, {}).get(column, f"this {column}") if isinstance(kind, sa.Text) else 1


@pytest.mark.parametrize("revision", EARLIER)
def test_a_row_of_each_table_is_read_after_as_it_was_written_before(old: Database, revision: str) -> None:
    _upgraded(old, revision)
    with old.write() as connection:
        before = _filled(connection)
    migrate(old, 4)
    with old.read() as connection:
        for name, row in before.items():
            now = SQLModel.metadata.tables[name]
            kept = {column: value for column, value in row.items() if column in now.columns}
            keys = [column == row[column.name] for column in now.primary_key if column.name in row]
            found = connection.execute(sa.select(now).where(*keys)).mappings().one()
            expected = {column: MEANT.get((name, column), value) for column, value in kept.items()}
            assert {column: found[column] for column in kept} == expected, f"{name} of schema {revision}"


def test_who_was_there_before_is_found_after(old: Database) -> None:
    """Also beyond the first slice of rows, whatever they are like."""
    people = [
        ("Ada@x.example", "Ad\u00e9", "ADA@X.example", None),
        ("ada@X.EXAMPLE", None, None, None),
        ("ben", "Bj\u00f6rn", "Ben@x.example", None),
        ("BEN", "", " ", None),
        ("old@x.example", None, None, 3),
    ]
    _upgraded(
        old,
        "0004",
        "INSERT INTO contacts (key, shard, tags, dnd, fields, created_at, updated_at, touched) "
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5003) "
        "SELECT 'C' || n, 0, '[]', '[]', '{}', 1, 1, 0 FROM numbers",
        *(
            "INSERT INTO contacts (key, shard, name, email, tags, dnd, fields, created_at, updated_at, touched, "
            f"merged_into) VALUES ('{key}', 0, {_sql(name)}, {_sql(email)}, '[]', '[]', '{{}}', 1, 1, 0, {_sql(into)})"
            for key, name, email, into in people
        ),
        *(
            "INSERT INTO deals (key, contact_id, shard, name, status, fields, created_at, updated_at, touched) "
            f"VALUES ('{key}', 1, 0, {_sql(name)}, 'open', '{{}}', 1, 1, 0)"
            for key, name in (("D\u00c9AL", None), ("two", "ZW\u00d6I"), ("three", "Drei"))
        ),
    )
    migrate(old, 4)
    with old.read() as connection:
        columns = sa.text("SELECT search, email_folded, key_folded FROM contacts ORDER BY id")
        others = [contact_search(f"C{number}") for number in range(1, 5_004)]
        assert [ContactSearch(*row) for row in connection.execute(columns)] == [
            *others,
            *(
                NEVER_FOUND if into is not None else contact_search(key, name, email)
                for key, name, email, into in people
            ),
        ]
        assert connection.execute(sa.text("SELECT search FROM deals ORDER BY id")).scalars().all() == [
            "de\u0301al",
            "two\nzwo\u0308i",
            "three\ndrei",
        ]
        assert shared_addresses(connection, "", 10) == ["ada@x.example"]


def test_follow_ups_that_wait_already_are_watched_after(old: Database) -> None:
    columns = (
        "id, automation_id, version, contact_id, shard, origin, cause, depth, status, attempt, closing, "
        "created_at, step"
    )
    _upgraded(
        old,
        "0004",
        *(
            f"INSERT INTO enrollments ({columns}) VALUES ('{key}', 1, 1, 1, 0, '{key}', 'event', 0, '{status}', 1, "
            "false, 1, '1')"
            for key, status in (("waits", "running"), ("done", "completed"))
        ),
        *(
            "INSERT INTO outcomes (enrollment_id, path, kind, result, attempt, at) "
            f"VALUES ('{key}', '{path}', 'wait', '{{\"until\": 1795000000123456}}', 1, 5)"
            for key, path in (("waits", "0"), ("waits", "1"), ("done", "1"))
        ),
    )
    migrate(old, 4)
    with old.read() as connection:
        waits = sa.text("SELECT enrollment_id, path, deadline_at, met_at, since_at FROM waits")
        assert connection.execute(waits).all() == [("waits", "1", 1_795_000_000_123_456, None, None)]
        watching = sa.text("SELECT id, watching FROM enrollments ORDER BY id")
        assert connection.execute(watching).all() == [("done", 0), ("waits", 2)]


def test_tasks_that_are_due_later_are_told_of_and_those_that_were_overdue_are_not(old: Database) -> None:
    later = 9_000_000_000_000_000
    _upgraded(
        old,
        "0010",
        "INSERT INTO contacts (key, shard, tags, dnd, fields, created_at, updated_at, touched) "
        "VALUES ('ada', 3, '[]', '[]', '{}', 1, 1, 0)",
        *(
            "INSERT INTO tasks (id, contact_id, title, description, due_at, status, created_at, updated_at) "
            f"VALUES ('{key}', 1, 'Call', '', {due_at}, '{status}', 1, 1)"
            for key, due_at, status in (
                ("done", later, "done"),
                ("ever", "NULL", "open"),
                ("later", later, "open"),
                ("long", 5, "open"),
            )
        ),
    )
    migrate(old, 4)
    with old.read() as connection:
        tasks = sa.text("SELECT id, shard, alarm_at FROM tasks ORDER BY id")
        assert connection.execute(tasks).all() == [
            ("done", 3, None),
            ("ever", 3, None),
            ("later", 3, later),
            ("long", 3, None),
        ]


def _sql(value: str | int | None) -> str:
    return "NULL" if value is None else str(value) if isinstance(value, int) else f"'{value}'"


def _schema(connection: sa.Connection) -> dict[str, Any]:
    """Tables with their columns and indexes."""
    inspector = sa.inspect(connection)
    return {
        name: (
            sorted(
                (column["name"], str(column["type"]), column["nullable"])
                for column in inspector.get_columns(name)
            ),
            sorted(str(index["name"]) for index in inspector.get_indexes(name)),
        )
        for name in inspector.get_table_names()
    }


def test_people_keys_and_the_audit_can_be_taken_out_and_put_in_again(old: Database) -> None:
    _upgraded(old, "0016")
    config = Config()
    config.set_main_option("script_location", str(Path(store.migrate.__file__).parent / "migrations"))
    with old.write() as connection:
        before = _schema(connection)
        rows = _filled(connection)
    for _ in range(2):
        migrate(old, 4)
        with old.write() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": False})
            assert compare_metadata(context, SQLModel.metadata) == []
            config.attributes["connection"] = connection
            command.downgrade(config, "0016")
            assert _schema(connection) == before
            for name in rows:
                table = SQLModel.metadata.tables[name]
                counted = sa.select(sa.func.count()).select_from(table)
                assert connection.execute(counted).scalar_one() >= 1, name
