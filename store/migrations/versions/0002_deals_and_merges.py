"""Deals, smart lists, merged contacts, revoked events"""

from typing import Literal

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def upgrade() -> None:
    op.create_table(
        "deals",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("pipeline", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("touched", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    partial_index("ix_deals_touched", "deals", ["shard", "id"], "touched > 0")
    op.create_index("ix_deals_shard", "deals", ["shard", "id"])
    op.create_index("ix_deals_contact", "deals", ["contact_id", "id"])
    partial_index("ix_deals_owner", "deals", ["owner", "id"], "owner IS NOT NULL")
    partial_index("ix_deals_stage", "deals", ["stage", "id"], "stage IS NOT NULL")

    op.create_table(
        "smart_lists",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "cancellations",
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workflow_id"),
    )
    op.create_index("ix_cancellations_shard", "cancellations", ["shard"])

    # SQLite gives the ids of deleted rows to new ones unless the table says otherwise.
    recreate: Literal["auto", "always"] = "always" if op.get_bind().dialect.name == "sqlite" else "auto"
    with op.batch_alter_table(
        "contacts", recreate=recreate, table_kwargs={"sqlite_autoincrement": True}
    ) as contacts:
        contacts.add_column(sa.Column("merged_into", sa.BigInteger(), nullable=True))
    partial_index("ix_contacts_owner", "contacts", ["owner", "id"], "owner IS NOT NULL")
    partial_index("ix_contacts_stage", "contacts", ["stage", "id"], "stage IS NOT NULL")
    partial_index("ix_contacts_merged", "contacts", ["merged_into"], "merged_into IS NOT NULL")

    op.add_column("events", sa.Column("revoked_at", sa.BigInteger(), nullable=True))
    partial_index("ix_events_revoking", "events", ["shard", "revoked_at", "id"], "status >= 4")
    partial_index("ix_events_deal", "events", ["deal_id", "occurred_at", "id"], "deal_id IS NOT NULL")
    partial_index("ix_events_source", "events", ["source", "id"], "source IS NOT NULL")

    op.add_column("shards", sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("skips", sa.Column("deal_id", sa.BigInteger(), nullable=True))
