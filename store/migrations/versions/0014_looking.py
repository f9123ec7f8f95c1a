"""Follow-ups that retry are counted apart, and who enrolled by hand is kept; workers say whether they send messages"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    retrying = sa.text("next_attempt_at IS NOT NULL")
    op.create_index(
        "ix_enrollments_retrying",
        "enrollments",
        ["id"],
        sqlite_where=retrying,
        postgresql_where=retrying,
    )
    op.add_column("enrollments", sa.Column("author", sa.Text(), nullable=True))
    op.add_column("enrollments", sa.Column("chosen", sa.Text(), nullable=True))
    op.add_column("digests", sa.Column("refusal", sa.Text(), nullable=True))
    op.add_column("workers", sa.Column("no_mail", sa.Text(), nullable=True))
