"""No statistics of `commits.repo_id`, so that a repository that is new to them is not taken for an empty one.

Where PostgreSQL knows the repositories of a table, it expects no rows of one that came after its last ANALYZE. Any
index that begins with `repo_id` seems as good as the primary key then, and a shorter one a little better: each of a
batch's thousand look-ups read all of the repository's commits, 100 s for a batch of a repository with 79,000. Without
statistics it expects one two-hundredth of the table, and the primary key is better by far.

Setting the type, to what it is, drops the statistics that are there; it rewrites nothing.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE commits ALTER COLUMN repo_id TYPE UUID, ALTER COLUMN repo_id SET STATISTICS 0")


def downgrade() -> None:
    op.execute("ALTER TABLE commits ALTER COLUMN repo_id SET STATISTICS -1")
