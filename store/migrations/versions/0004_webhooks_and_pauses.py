"""Webhooks, follow-ups that are paused, tries of a step"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    op.add_column("enrollments", sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("enrollments", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("enrollments", sa.Column("next_attempt_at", sa.BigInteger(), nullable=True))
    op.add_column("notifications", sa.Column("refused", json, nullable=False, server_default="[]"))
    for name in ("served", "tries"):
        op.add_column("notifications", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("automation_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("deal_id", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("headers", json, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("enrollment_id", "path", name="uq_webhooks_step"),
    )
    op.create_index("ix_webhooks_contact", "webhooks", ["contact_id", "id"])
    op.create_index("ix_notifications_recipient", "notifications", ["recipient", "created_at"])
