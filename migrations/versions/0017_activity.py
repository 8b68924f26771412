"""Sums by day, week and author, kept by a follower of the ingest log, which begins where the log ends now."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = ("author_days", "author_totals", "repo_days", "repo_weeks")

SUMS = """
    commits INTEGER NOT NULL, merges INTEGER NOT NULL,
    additions BIGINT NOT NULL, deletions BIGINT NOT NULL, files_changed BIGINT NOT NULL
"""
ADDED = "sum(commits), sum(merges), sum(additions), sum(deletions), sum(files_changed)"

UPGRADE = (
    f"""
    CREATE TABLE author_days (
        repo_id UUID NOT NULL, day DATE NOT NULL, author_email TEXT NOT NULL, {SUMS},
        CONSTRAINT pk_author_days PRIMARY KEY (repo_id, day, author_email)
    )
    """,
    f"""
    CREATE TABLE author_totals (
        repo_id UUID NOT NULL, author_email TEXT NOT NULL, author_name TEXT NOT NULL, {SUMS},
        days INTEGER NOT NULL, first_day DATE, last_day DATE,
        all_days INTEGER NOT NULL, all_first_day DATE NOT NULL, last_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_author_totals PRIMARY KEY (repo_id, author_email)
    ) WITH (fillfactor = 80)
    """,
    f"""
    CREATE TABLE repo_days (
        repo_id UUID NOT NULL, day DATE NOT NULL, {SUMS},
        CONSTRAINT pk_repo_days PRIMARY KEY (repo_id, day)
    )
    """,
    f"""
    CREATE TABLE repo_weeks (
        repo_id UUID NOT NULL, week DATE NOT NULL, {SUMS},
        CONSTRAINT pk_repo_weeks PRIMARY KEY (repo_id, week)
    )
    """,
    # A push that has stored but not counted is waited for, and none counts until the marks are set.
    "LOCK TABLE repo_states IN SHARE MODE",
    """
    INSERT INTO author_days
    SELECT repo_id, CAST(author_date AT TIME ZONE 'UTC' AS date), author_email,
           count(*) FILTER (WHERE NOT is_merge), count(*) FILTER (WHERE is_merge),
           coalesce(sum(additions) FILTER (WHERE NOT is_merge), 0),
           coalesce(sum(deletions) FILTER (WHERE NOT is_merge), 0),
           coalesce(sum(files_changed) FILTER (WHERE NOT is_merge), 0)
    FROM commits WHERE repo_id IN (SELECT repo_id FROM repo_states) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """,
    f"""
    INSERT INTO author_totals
    SELECT repo_id, author_email, author_name, commits, merges, additions, deletions, files_changed,
           days, first_day, last_day, all_days, all_first_day, last_at
    FROM (
        SELECT repo_id, author_email, {ADDED}, count(*) FILTER (WHERE commits > 0),
               min(day) FILTER (WHERE commits > 0), max(day) FILTER (WHERE commits > 0), count(*), min(day)
        FROM author_days GROUP BY repo_id, author_email
    ) added (repo_id, author_email, commits, merges, additions, deletions, files_changed,
             days, first_day, last_day, all_days, all_first_day)
    JOIN (
        SELECT DISTINCT ON (repo_id, author_email) repo_id, author_email, author_name, author_date AS last_at
        FROM commits ORDER BY repo_id, author_email, author_date DESC, author_name COLLATE "C" DESC
    ) newest USING (repo_id, author_email)
    """,  # noqa: S608 -- our own text
    f"INSERT INTO repo_days SELECT repo_id, day, {ADDED} FROM author_days GROUP BY 1, 2 ORDER BY 1, 2",  # noqa: S608
    f"""
    INSERT INTO repo_weeks
    SELECT repo_id, CAST(date_trunc('week', CAST(day AS timestamp)) AS date), {ADDED}
    FROM repo_days GROUP BY 1, 2 ORDER BY 1, 2
    """,  # noqa: S608 -- our own text
    "INSERT INTO follower_marks (repo_id, follower, seq) SELECT repo_id, 'activity', ingest_seq FROM repo_states",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM follower_marks WHERE follower = 'activity'")
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
