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
    _watch_dates()


def _watch_dates() -> None:
    """Follow-ups that wait already are looked at when their record changes, as new ones are: a date may move."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    until = "json_extract(o.result, '$.until')" if sqlite else "CAST(o.result ->> 'until' AS bigint)"
    op.execute(
        "INSERT INTO waits (enrollment_id, path, deadline_at, registered_at) "
        f"SELECT o.enrollment_id, o.path, {until}, o.at FROM outcomes o "
        "JOIN enrollments e ON e.id = o.enrollment_id AND e.step = o.path "
        f"WHERE o.kind = 'wait' AND e.status = 'running' AND {until} IS NOT NULL"
    )
    op.execute(
        "UPDATE enrollments SET watching = watching | 2 WHERE status = 'running' AND EXISTS "
        "(SELECT 1 FROM waits w WHERE w.enrollment_id = enrollments.id AND w.path = enrollments.step)"
    )
