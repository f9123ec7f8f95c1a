"""Bringing the database to the current schema; every start does it first."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from store import meta
from store.database import Database, DatabaseUnavailable

_HERE = Path(__file__).parent / "migrations"
#: The name of the lock under which PostgreSQL installations migrate: one process at a time.
_ADVISORY_LOCK = 5_346_254_637


def migrate(database: Database, shards: int) -> None:
    """Create or upgrade the schema, and make the shards at the first start. Several processes may call it at once."""
    with database.turn(), database.opened() as connection:
        writer = connection.execution_options(kindling_write=True)
        with writer.begin():
            if not database.is_sqlite:
                writer.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            current = MigrationContext.configure(writer).get_current_revision()
            script = ScriptDirectory(str(_HERE))
            if current is not None and current not in {step.revision for step in script.walk_revisions()}:
                raise DatabaseUnavailable(
                    f"the database {database.name} was made by a newer Kindling (schema {current}); "
                    "install that version, or restore a copy from before"
                )
            if current != script.get_current_head():
                config = Config()
                config.set_main_option("script_location", str(_HERE))
                config.attributes["connection"] = writer
                command.upgrade(config, "head")
            meta.set_up_shards(writer, shards)
