"""Credentials belong to a whole address; those of before are for none, and have to be stored anew."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE repo_credentials ADD COLUMN address TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE repo_credentials DROP COLUMN address")
