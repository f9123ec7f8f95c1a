"""Since when an event counts that a follow-up waits for, and whose first steps come first"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("waits", sa.Column("since_at", sa.BigInteger(), nullable=True))
    op.add_column("waits", sa.Column("since_id", sa.Text(), nullable=True))
    op.add_column("enrollments", sa.Column("after_id", sa.Text(), nullable=True))
    op.add_column(
        "enrollments", sa.Column("settled", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    there = sa.text("after_id IS NOT NULL")
    op.create_index(
        "ix_enrollments_after", "enrollments", ["after_id"], sqlite_where=there, postgresql_where=there
    )
