"""Follow-ups know the workflow that carries them out; those that run keep theirs until a worker takes them over"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("workflow_id", sa.Text(), nullable=True))
    op.execute(
        "UPDATE enrollments SET workflow_id = 'follow-up-' || id || "
        "CASE WHEN attempt > 1 THEN '-' || CAST(attempt AS TEXT) ELSE '' END WHERE status = 'running'"
    )
    assigned = sa.text("workflow_id IS NOT NULL")
    op.create_index(
        "ix_enrollments_workflow",
        "enrollments",
        ["workflow_id", "id"],
        sqlite_where=assigned,
        postgresql_where=assigned,
    )
