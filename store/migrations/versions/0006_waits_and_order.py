"""Since when an event counts that a follow-up waits for; whose first steps come first; what fields held before"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("waits", sa.Column("since_at", sa.BigInteger(), nullable=True))
    op.add_column("waits", sa.Column("since_id", sa.Text(), nullable=True))
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    for name in ("contacts", "deals"):
        op.add_column(name, sa.Column("before_touch", json, nullable=True))
    op.add_column("enrollments", sa.Column("after_id", sa.Text(), nullable=True))
    op.add_column(
        "enrollments", sa.Column("settled", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    there = sa.text("after_id IS NOT NULL")
    op.create_index(
        "ix_enrollments_after", "enrollments", ["after_id"], sqlite_where=there, postgresql_where=there
    )
