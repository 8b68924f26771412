"""The SQL of the tips of remotes.

Whether a tip has arrived is decided on reading, so that no push pays for it, and it does not matter whether the forge
or the client was faster.
"""

from sqlalchemy import text

# A condition on a tip `t`: its commit is not stored, and the branch was not recorded elsewhere since. A scalar
# sub-select is looked up by key for each tip, whatever the statistics say; a join might read all commits.
_IS_AHEAD = """
    (SELECT true FROM commits c WHERE c.repo_id = t.repo_id AND c.sha = t.sha) IS NULL
    AND NOT EXISTS (
        SELECT FROM repo_refs f
        WHERE f.repo_id = t.repo_id AND f.updated_at >= t.told_at
          AND f.name IN (t.name, 'refs/remotes/origin/' || substr(t.name, length('refs/heads/') + 1))
    )
"""

#: An expression for a repository `r`: since when its remote has had commits that clients did not push; null if it has
#: none, and for a repository that the server pulls.
BEHIND_SINCE = f"""
    CASE WHEN r.sync_method = 'push_client' THEN
        (SELECT min(t.behind_since) FROM remote_tips t WHERE t.repo_id = r.id AND {_IS_AHEAD})
    END
"""  # noqa: S608 -- our own condition

# What has arrived begins anew the next time. Ordered by key, like every write of several rows.
FORGET_ARRIVED = text(f"""
    WITH gone AS (
        SELECT t.name FROM remote_tips t
        WHERE t.repo_id = :repo_id AND (t.name = ANY(CAST(:gone AS text[])) OR NOT ({_IS_AHEAD}))
        ORDER BY t.name FOR UPDATE
    )
    DELETE FROM remote_tips t USING gone WHERE t.repo_id = :repo_id AND t.name = gone.name
""")  # noqa: S608 -- our own condition

SET_TIPS = text("""
    INSERT INTO remote_tips (repo_id, name, sha)
    SELECT CAST(:repo_id AS uuid), given.name, given.sha
    FROM unnest(CAST(:names AS text[]), CAST(:shas AS bytea[])) AS given (name, sha)
    ORDER BY given.name
    ON CONFLICT (repo_id, name) DO UPDATE SET sha = EXCLUDED.sha, told_at = now()
""")

READ_BEHIND = text(f"SELECT {BEHIND_SINCE} FROM repos r WHERE r.id = :repo_id")  # noqa: S608 -- our own text
