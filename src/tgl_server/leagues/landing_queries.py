"""The SQL of what has landed, and of the default branch's history."""

from typing import Final

from sqlalchemy import text

ALL: Final = text("""
    SELECT sha, at FROM ref_updates WHERE repo_id = :repo_id ORDER BY seq
""")

SOME: Final = text("""
    SELECT sha, at FROM ref_updates WHERE repo_id = :repo_id AND seq = ANY(CAST(:seqs AS bigint[])) ORDER BY seq
""")

# The recursion meets a commit once, as UNION drops what it has found before. In the order of the key, like all writes.
LAND = text("""
    WITH RECURSIVE walked AS (
        SELECT c.sha, c.parents FROM commits c
        WHERE c.repo_id = :repo_id AND c.sha = CAST(:tip AS bytea)
          AND NOT EXISTS (SELECT FROM landed l WHERE l.repo_id = c.repo_id AND l.sha = c.sha)
        UNION
        SELECT c.sha, c.parents
        FROM walked w CROSS JOIN LATERAL unnest(w.parents) AS p (sha)
        JOIN commits c ON c.repo_id = :repo_id AND c.sha = p.sha
        WHERE NOT EXISTS (SELECT FROM landed l WHERE l.repo_id = c.repo_id AND l.sha = c.sha)
    ), added AS (
        INSERT INTO landed (repo_id, sha, at)
        SELECT CAST(:repo_id AS uuid), sha, CAST(:at AS timestamptz) FROM walked ORDER BY sha
        ON CONFLICT (repo_id, sha) DO NOTHING
        RETURNING sha
    )
    SELECT sha FROM added
""")

# As far as the scorer has read the log.
READ_TIPS = text("""
    SELECT u.sha, u.at FROM ref_updates u
    JOIN follower_marks m ON m.repo_id = u.repo_id AND m.follower = :follower AND m.seq >= u.seq
    WHERE u.repo_id = :repo_id ORDER BY u.seq
""")

PARENTS = text("SELECT sha, parents FROM commits WHERE repo_id = :repo_id")

ALL_LANDED = text("SELECT sha, at FROM landed WHERE repo_id = :repo_id")

LANDED = text("""
    SELECT sha, at FROM landed WHERE repo_id = :repo_id AND sha = ANY(CAST(:shas AS bytea[]))
""")

FORGET = text("DELETE FROM landed WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")
