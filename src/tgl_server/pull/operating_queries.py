"""The SQL of those who watch over the pulls of all repositories; it reads a row for each that is pulled."""

from sqlalchemy import text

from tgl_server.pull.queries import IS_DUE, IS_PAUSED

_WAITS_SINCE = """
    CASE WHEN p.run_id IS NOT NULL AND p.claimed_at IS NOT NULL THEN p.claimed_at
         ELSE least(p.requested_at, p.next_due_at) END
"""

FIGURES = text(f"""
    WITH pulls AS (
        SELECT p.failure_code, p.mirror_bytes, coalesce(p.lease_until >= now(), false) AS is_running,
               ({IS_DUE}) AS is_due, coalesce(p.queued_at > now() - CAST(:requeue AS interval), false) AS is_queued,
               coalesce({IS_PAUSED}, false) AS is_paused, {_WAITS_SINCE} AS waits_since
        FROM repos r LEFT JOIN repo_pulls p ON p.repo_id = r.id WHERE r.sync_method = 'pull_celery'
    )
    SELECT count(*) AS repos,
           count(*) FILTER (WHERE is_running) AS running,
           count(*) FILTER (WHERE is_due AND NOT is_queued) AS due,
           count(*) FILTER (WHERE is_due AND is_queued) AS queued,
           count(*) FILTER (WHERE is_paused AND NOT is_running) AS paused,
           CAST(coalesce(extract(epoch FROM now() - min(waits_since) FILTER (WHERE is_due)), 0) AS float8) AS oldest,
           CAST(coalesce(sum(mirror_bytes), 0) AS bigint) AS mirror_bytes,
           (SELECT coalesce(jsonb_object_agg(failure_code, number), '{{}}')
            FROM (SELECT failure_code, count(*) AS number FROM pulls WHERE failure_code IS NOT NULL GROUP BY 1) f
           ) AS failures,
           (SELECT count(*) FROM pull_workers
            WHERE uses_broker AND seen_at > now() - CAST(:alive AS interval)) AS broker_workers,
           (SELECT count(*) FROM pull_workers
            WHERE NOT uses_broker AND seen_at > now() - CAST(:alive AS interval)) AS own_workers,
           (SELECT paused_at FROM pull_pause) AS paused_at, (SELECT reason FROM pull_pause) AS paused_reason
    FROM pulls
""")  # noqa: S608 -- our own conditions

#: One row, for a statement about one repository `r`: what waits and runs, how many of it are before the repository, who
#: pulls, and why nobody does.
PLACE_IN_QUEUE = f"""
    SELECT count(*) FILTER (WHERE is_due) AS waiting, count(*) FILTER (WHERE is_running) AS running,
           count(*) FILTER (WHERE is_due AND (waits_since, repo_id) < (
               SELECT {_WAITS_SINCE}, p.repo_id FROM repo_pulls p WHERE p.repo_id = r.id)) AS ahead,
           (SELECT count(*) FROM pull_workers WHERE seen_at > now() - CAST(:alive AS interval)) AS workers,
           (SELECT coalesce(sum(children), 0) FROM pull_workers
            WHERE seen_at > now() - CAST(:alive AS interval)) AS places,
           (SELECT reason FROM pull_pause) AS all_paused_reason
    FROM (
        SELECT p.repo_id, coalesce(p.lease_until >= now(), false) AS is_running, {IS_DUE} AS is_due,
               {_WAITS_SINCE} AS waits_since
        FROM repos r JOIN repo_pulls p ON p.repo_id = r.id WHERE r.sync_method = 'pull_celery'
    ) pulls
"""  # noqa: S608 -- our own conditions

# What runs, then what is due and what comes next.
QUEUE = text(f"""
    SELECT j.slug AS project, r.name AS repo, p.lease_owner, p.claimed_at, p.next_due_at, p.requested_at, p.failures,
           p.failure_code, p.paused_reason, p.attempts, coalesce(p.lease_until >= now(), false) AS is_running,
           coalesce({IS_DUE}, false) AS is_due, coalesce({IS_PAUSED}, false) AS is_paused
    FROM repos r JOIN projects j ON j.id = r.project_id LEFT JOIN repo_pulls p ON p.repo_id = r.id
    WHERE r.sync_method = 'pull_celery'
    ORDER BY is_running DESC, is_due DESC, is_paused, least(p.requested_at, p.next_due_at) NULLS LAST, 1, 2
    LIMIT :limit
""")  # noqa: S608 -- our own conditions

WORKERS = """
    SELECT host, pid, version, children, disk_free, uses_broker, started_at, seen_at,
           seen_at > now() - CAST(:alive AS interval) AS is_alive
    FROM pull_workers ORDER BY host, started_at
"""

PAUSE_ALL = text("""
    INSERT INTO pull_pause (reason) VALUES (:reason) ON CONFLICT (is_paused) DO UPDATE SET reason = EXCLUDED.reason
""")

RESUME_ALL = text("DELETE FROM pull_pause RETURNING paused_at")
