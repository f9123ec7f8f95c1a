"""Tasks that live, tags of deals, bulk jobs"""

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
    op.add_column("tasks", sa.Column("request", sa.Text(), nullable=True))
    op.create_index("ix_tasks_request", "tasks", ["request"], unique=True)
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
    op.create_table(
        "bulk_jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("smart_list", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("skipped", Json, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request"),
    )
    running = sa.text("status = 'running'")
    op.create_index(
        "ix_bulk_jobs_running", "bulk_jobs", ["id"], sqlite_where=running, postgresql_where=running
    )
    op.create_table(
        "bulk_slices",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ids", Json, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "place"),
    )
