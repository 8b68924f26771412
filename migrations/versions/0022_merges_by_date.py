"""An index of merges by date, for lists of merges alone: a repository may have few among millions of commits."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_commits_merges ON commits (repo_id, commit_date) WHERE is_merge")


def downgrade() -> None:
    op.execute("DROP INDEX ix_commits_merges")
