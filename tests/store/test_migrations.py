"""The migrations make the schema that the tables describe, from nothing and from each earlier one."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

import store.migrate
import store.tables
from store.database import Database
from store.migrate import migrate


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


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_the_first_schema_is_brought_up_with_its_rows(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = f"sqlite:///{tmp_path / 'old.db'}"
    url = file if kind == "sqlite" else request.getfixturevalue("postgres_database_url")
    old = Database(url, sync="normal")
    config = Config()
    config.set_main_option("script_location", str(Path(store.migrate.__file__).parent / "migrations"))
    with old.write() as connection:
        if kind == "postgres":
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO contacts (key, shard, tags, dnd, fields, created_at, updated_at, touched) "
            "VALUES ('ada', 0, '[]', '[]', '{}', 1, 1, 0)"
        )
    migrate(old, 4)
    with old.read() as connection:
        assert connection.execute(sa.text("SELECT key, merged_into FROM contacts")).all() == [("ada", None)]
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []
    old.close()
