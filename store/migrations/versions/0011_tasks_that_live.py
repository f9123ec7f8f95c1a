"""Tasks that live, tags of deals"""

import time

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("deals", sa.Column("tags", Json, server_default="[]", nullable=False))
    op.add_column("tasks", sa.Column("step", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("shard", sa.Integer(), server_default="0", nullable=False))
    op.add_column("tasks", sa.Column("alarm_at", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE tasks SET shard = coalesce((SELECT c.shard FROM contacts c WHERE c.id = tasks.contact_id), 0), "
        # What has been overdue all along is no news.
        f"alarm_at = CASE WHEN status = 'open' AND due_at > {time.time_ns() // 1_000} THEN due_at END"
    )
    op.create_index("ix_tasks_due", "tasks", ["status", "due_at", "id"])
    op.create_index("ix_tasks_assign_to", "tasks", ["assign_to", "status", "id"])
    waiting = sa.text("alarm_at IS NOT NULL")
    op.create_index(
        "ix_tasks_alarm", "tasks", ["shard", "alarm_at"], sqlite_where=waiting, postgresql_where=waiting
    )
