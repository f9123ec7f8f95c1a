"""Waits for conditions and events, early ends of follow-ups, the storm limit"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("waking", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("enrollments", sa.Column("watching", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("enrollments", sa.Column("start_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.drop_index("ix_enrollments_queued", "enrollments")
    partial_index("ix_enrollments_queued", "enrollments", ["shard", "start_at", "id"], "status = 'queued'")
    partial_index("ix_enrollments_waking", "enrollments", ["shard", "id"], "waking > 0")
    partial_index(
        "ix_enrollments_watching",
        "enrollments",
        ["contact_id"],
        "watching > 0 AND status IN ('queued', 'running')",
    )
    op.create_table(
        "waits",
        sa.Column("enrollment_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=True),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=True),
        sa.Column("met_at", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("enrollment_id", "path"),
    )
    op.create_table(
        "paces",
        sa.Column("automation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("window_at", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("automation_id"),
    )
