"""Whom a notification passed over, the hourly limit of e-mails, digests of what it held back"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    op.add_column("notifications", sa.Column("passed_over", sa.Text(), nullable=True))
    op.drop_index("ix_notifications_recipient", "notifications")
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_alerts_recipient", "alerts", ["recipient", "at"])
    op.create_table(
        "digests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("automations", json, nullable=False),
        sa.Column("counting", sa.Boolean(), nullable=False),
        sa.Column("targets", json, nullable=False),
        sa.Column("served", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_digests_recipient", "digests", ["recipient", "due_at"])
    unsent = sa.text("status = 'pending'")
    op.create_index("ix_digests_unsent", "digests", ["next_at"], sqlite_where=unsent, postgresql_where=unsent)
