"""Folded texts by which contacts and deals are searched"""

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from alembic import op

from store.bulk import Bulk
from store.search import NEVER_FOUND, SEARCH_OF_CONTACT, SEARCH_OF_DEAL, contact_search, deal_search

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: So many rows are in memory at a time.
SLICE = 5_000


def upgrade() -> None:
    for name in ("contacts", "deals"):
        op.add_column(name, sa.Column("search", sa.Text(), nullable=False, server_default=""))
    for name in ("email_folded", "key_folded"):
        op.add_column("contacts", sa.Column(name, sa.Text(), nullable=True))
    op.drop_index("ix_contacts_email", table_name="contacts")
    bulk = Bulk(op.get_bind())
    _fill(
        bulk,
        "contacts",
        ("merged_into", "key", "name", "email"),
        SEARCH_OF_CONTACT,
        lambda merged_into, *texts: contact_search(*texts) if merged_into is None else NEVER_FOUND,
    )
    _fill(bulk, "deals", ("key", "name"), SEARCH_OF_DEAL, deal_search)
    for name in ("email_folded", "key_folded"):
        test = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_contacts_{name}", "contacts", [name, "id"], sqlite_where=test, postgresql_where=test
        )


def _fill(
    bulk: Bulk,
    name: str,
    fields: Sequence[str],
    columns: Sequence[str],
    search: Callable[..., Sequence[str | None]],
) -> None:
    """Fill columns of all rows with what `search` makes of their fields."""
    if bulk.is_sqlite:
        write = f"UPDATE {name} SET {', '.join(f'{column} = ?' for column in columns)} WHERE id = ?"
    else:
        new = ", ".join(f"{column} = new.{column}" for column in columns)
        arrays = ", ".join("CAST(? AS text[])" for _ in columns)
        write = (
            f"UPDATE {name} SET {new} FROM unnest({arrays}, CAST(? AS bigint[])) "
            f"AS new({', '.join(columns)}, id) WHERE {name}.id = new.id"
        )
    read, last = f"SELECT id, {', '.join(fields)} FROM {name} WHERE id > ? ORDER BY id LIMIT {SLICE}", 0
    while rows := bulk.rows(read, last):
        filled = [(*search(*values), row_id) for row_id, *values in rows]
        if bulk.is_sqlite:
            bulk.each(write, filled)
        else:
            bulk.run(write, *map(list, zip(*filled, strict=True)))
        last = rows[-1][0]
