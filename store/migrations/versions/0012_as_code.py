"""Definitions keep their author's text; versions who made them and why; enrollments what they began with"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    for name in ("profiles", "automations", "recipients", "smart_lists"):
        op.add_column(name, sa.Column("source", sa.Text(), nullable=True))
    op.add_column("smart_lists", sa.Column("applied", json, nullable=True))
    for name in ("profile_versions", "automation_versions"):
        op.add_column(name, sa.Column("author", sa.Text(), nullable=True))
        op.add_column(name, sa.Column("comment", sa.Text(), nullable=True))
    op.add_column("events", sa.Column("brought_by", sa.Text(), nullable=True))
    op.add_column("enrollments", sa.Column("started_by", sa.Text(), nullable=True))
    there = sa.text("started_by IS NOT NULL")
    op.create_index(
        "ix_enrollments_started_by",
        "enrollments",
        ["started_by", "id"],
        sqlite_where=there,
        postgresql_where=there,
    )
