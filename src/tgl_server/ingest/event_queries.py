"""The SQL of the events of ingest. Only the sweep writes `repo_troubles`, so that no push pays for it."""

from sqlalchemy import text

ENDED_RUN = text("""
    SELECT * FROM sync_runs
    WHERE repo_id = :repo_id AND id = CAST(:run_id AS uuid) AND state IN ('done', 'failed', 'interrupted')
""")

# The rule of `tgl_server.projects.freshness.is_stale`, but that a new repository has its first cadence to begin.
_TROUBLES = """
    SELECT s.repo_id, 'failing' AS trouble, s.last_success_at, s.error_message,
           coalesce(r.expected_cadence, s.learned_cadence) AS cadence
    FROM repo_states s JOIN repos r ON r.id = s.repo_id
    WHERE s.sync_status = 'error'
    UNION ALL
    SELECT s.repo_id, 'stale', s.last_success_at, s.error_message, coalesce(r.expected_cadence, s.learned_cadence)
    FROM repo_states s JOIN repos r ON r.id = s.repo_id
    WHERE now() - coalesce(s.last_success_at, r.created_at) > coalesce(r.expected_cadence, s.learned_cadence)
"""

BEGUN_TROUBLES = text(f"""
    WITH begun AS (
        SELECT n.* FROM ({_TROUBLES}) n
        LEFT JOIN repo_troubles t ON t.repo_id = n.repo_id AND t.trouble = n.trouble
        WHERE t.repo_id IS NULL
    ), noted AS (
        INSERT INTO repo_troubles (repo_id, trouble) SELECT repo_id, trouble FROM begun
    )
    SELECT * FROM begun ORDER BY repo_id, trouble
""")  # noqa: S608 -- our own text

# A repository that is being brought up to date is as well as it was before. One that is deleted tells nobody.
ENDED_TROUBLES = text(f"""
    WITH ended AS (
        DELETE FROM repo_troubles t
        WHERE NOT EXISTS (SELECT FROM ({_TROUBLES}) n WHERE n.repo_id = t.repo_id AND n.trouble = t.trouble)
          AND NOT (t.trouble = 'failing' AND EXISTS (
              SELECT FROM repo_states s WHERE s.repo_id = t.repo_id AND s.sync_status = 'syncing'
          ))
        RETURNING t.repo_id, t.trouble, t.since
    )
    SELECT e.repo_id, array_agg(e.trouble ORDER BY e.trouble) AS troubles, min(e.since) AS since, s.last_success_at
    FROM ended e JOIN repo_states s ON s.repo_id = e.repo_id
    WHERE NOT EXISTS (
        SELECT FROM repo_troubles o WHERE o.repo_id = e.repo_id
          AND NOT EXISTS (SELECT FROM ended x WHERE x.repo_id = o.repo_id AND x.trouble = o.trouble)
    )
    GROUP BY e.repo_id, s.last_success_at
    ORDER BY e.repo_id
""")  # noqa: S608 -- our own text
