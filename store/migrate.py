"""Bringing the database to the current schema; every start does it first."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from store import meta
from store.database import Database, DatabaseUnavailable

_HERE = Path(__file__).parent / "migrations"
#: The name of the lock under which PostgreSQL installations migrate: one process at a time.
_ADVISORY_LOCK = 5_346_254_637


def migrate(database: Database, shards: int) -> None:
    """Create or upgrade the schema, and make the shards at the first start. Several processes may call it at once.

    What needs nothing is only read, so that a process starts, and a command reads, while others write.
    """
    script = ScriptDirectory(str(_HERE))
    with database.read() as reader:
        if _is_current(database, reader, script) and meta.shard_count(reader):
            return
    with database.write() as writer:
        if not database.is_sqlite:
            writer.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        if not _is_current(database, writer, script):
            config = Config()
            config.set_main_option("script_location", str(_HERE))
            config.attributes["connection"] = writer
            command.upgrade(config, "head")
        meta.set_up_shards(writer, shards)


def _is_current(database: Database, connection: Connection, script: ScriptDirectory) -> bool:
    """Whether the schema is this version's; raises DatabaseUnavailable when it is a newer one's."""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {step.revision for step in script.walk_revisions()}:
        raise DatabaseUnavailable(
            f"the database {database.name} was made by a newer Kindling (schema {current}); "
            "install that version, or restore a copy from before"
        )
    return current == script.get_current_head()
