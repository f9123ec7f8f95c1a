"""Those who were erased for good"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("met", sa.BigInteger(), nullable=False),
        sa.Column("last_met_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "suppressed_names",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("suppression_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", "suppression_id"),
    )
