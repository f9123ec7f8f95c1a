"""Loops that were stopped are looked for in the status"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    loops = sa.text("reason = 'loop'")
    op.create_index("ix_skips_loops", "skips", ["at"], sqlite_where=loops, postgresql_where=loops)
