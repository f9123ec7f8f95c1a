"""Run by alembic: migrates over the connection that `store.migrate` hands in."""

from alembic import context
from sqlmodel import SQLModel

import store.tables  # noqa: F401  (registers the tables)

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
context.run_migrations()
