"""Sums by author and month, from those by author and day, so that a year of many authors is read at once."""

from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE author_months (
        repo_id UUID NOT NULL, month DATE NOT NULL, author_email TEXT NOT NULL,
        commits INTEGER NOT NULL, merges INTEGER NOT NULL,
        additions BIGINT NOT NULL, deletions BIGINT NOT NULL, files_changed BIGINT NOT NULL,
        days INTEGER NOT NULL, first_day DATE, last_day DATE,
        all_days INTEGER NOT NULL, all_first_day DATE NOT NULL, all_last_day DATE NOT NULL,
        CONSTRAINT pk_author_months PRIMARY KEY (repo_id, month, author_email)
    )
    """,
    # The follower waits until both tables tell the same.
    "LOCK TABLE author_days IN SHARE MODE",
    """
    INSERT INTO author_months
    SELECT repo_id, CAST(date_trunc('month', CAST(day AS timestamp)) AS date), author_email,
           sum(commits), sum(merges), sum(additions), sum(deletions), sum(files_changed),
           count(*) FILTER (WHERE commits > 0), min(day) FILTER (WHERE commits > 0),
           max(day) FILTER (WHERE commits > 0), count(*), min(day), max(day)
    FROM author_days GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE author_months")
