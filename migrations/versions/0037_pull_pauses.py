"""People pause pulls too; such a pause has who did it, and ends only when people end it."""

from alembic import op

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE repo_pulls ADD COLUMN paused_by UUID")


def downgrade() -> None:
    op.execute("ALTER TABLE repo_pulls DROP COLUMN paused_by")
