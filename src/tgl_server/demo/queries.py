"""The SQL of the demo."""

from sqlalchemy import text

# Without it, two demos that start at once would both find nothing and make everything twice.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('tgl-server demo', 0))")

SUMMARY = text("""
    SELECT s.total_commits, counted.authors, counted.additions, counted.deletions
    FROM repo_states s CROSS JOIN LATERAL (
        SELECT count(DISTINCT author_email) AS authors, coalesce(sum(additions), 0) AS additions,
               coalesce(sum(deletions), 0) AS deletions
        FROM commits WHERE repo_id = s.repo_id
    ) counted
    WHERE s.repo_id = :repo_id
""")

# A clock that was ahead has dated no week of a season.
NEWEST_COMMIT = text("""
    SELECT max(author_date) AT TIME ZONE 'UTC' FROM commits
    WHERE repo_id = :repo_id AND NOT is_merge AND author_date <= now()
""")

PLACES = text("SELECT count(*) FROM standings WHERE season_id = :season_id")
