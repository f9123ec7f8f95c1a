"""Since when an event counts that a follow-up waits for"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("waits", sa.Column("since_at", sa.BigInteger(), nullable=True))
    op.add_column("waits", sa.Column("since_id", sa.Text(), nullable=True))
