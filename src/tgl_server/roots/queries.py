"""The SQL of root commits."""

from sqlalchemy import text

# A condition on a commit `c`.
IS_ROOT = "c.parent_count = 0"

# Ordered by key, like every write of several rows.
ADD_ROOTS = text("""
    INSERT INTO repo_roots (repo_id, sha)
    SELECT CAST(:repo_id AS uuid), given.sha FROM unnest(CAST(:shas AS bytea[])) AS given (sha) ORDER BY given.sha
    ON CONFLICT (repo_id, sha) DO NOTHING
""")

FIND_ROOTS = text("""
    INSERT INTO repo_roots (repo_id, sha)
    SELECT repo_id, sha FROM commits WHERE repo_id = :repo_id AND parent_count = 0 ORDER BY sha
""")

DELETE_ROOTS = text("DELETE FROM repo_roots WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

ROOTS = text("SELECT sha FROM repo_roots WHERE repo_id = :repo_id ORDER BY sha LIMIT :limit")

# One statement, and so of one moment: a repository whose mark is at the log's end must have every root.
FIND_WRONG = text("""
    SELECT DISTINCT repo_id
    FROM (SELECT repo_id, sha FROM commits WHERE parent_count = 0) stored
    FULL JOIN (SELECT repo_id, sha FROM repo_roots) held USING (repo_id, sha)
    LEFT JOIN (
        SELECT m.repo_id, m.seq = s.ingest_seq AS is_current
        FROM follower_marks m JOIN repo_states s ON s.repo_id = m.repo_id WHERE m.follower = :follower
    ) mark USING (repo_id)
    WHERE (stored.sha IS NULL OR held.sha IS NULL)
      AND (mark.is_current OR stored.sha IS NULL AND NOT EXISTS (SELECT FROM repos r WHERE r.id = held.repo_id))
    ORDER BY repo_id
""")
