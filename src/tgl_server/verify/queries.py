"""The SQL of checking and repairing.

A check is one statement and so sees one moment, in which counters and rows agree however many pushes are under way. A
repair runs after its repository's row was locked, and looks again: what was wrong may be right by now.
"""

from sqlalchemy import text

# Counting is the whole point here, and an index answers it.
FIND_REPO_FAULTS = text("""
    SELECT * FROM (
        SELECT r.id, p.slug || '/' || r.name AS repo, r.total_commits, r.last_ingested_sha, stored.count AS stored,
               EXISTS (SELECT FROM commits c WHERE c.repo_id = r.id AND c.sha = r.last_ingested_sha) AS has_last
        FROM repos r JOIN projects p ON p.id = r.project_id
        CROSS JOIN LATERAL (SELECT count(*) FROM commits c WHERE c.repo_id = r.id) stored
    ) found
    WHERE total_commits <> stored OR NOT has_last AND (last_ingested_sha IS NOT NULL OR stored > 0)
    ORDER BY repo
""")

FIND_ORPHANS = text("""
    SELECT repo_id, CAST(sum(commits) AS bigint) AS commits, CAST(sum(refs) AS bigint) AS refs,
           CAST(sum(runs) AS bigint) AS runs
    FROM (
        SELECT repo_id, count(*) AS commits, 0 AS refs, 0 AS runs FROM commits GROUP BY repo_id
        UNION ALL SELECT repo_id, 0, count(*), 0 FROM repo_refs GROUP BY repo_id
        UNION ALL SELECT repo_id, 0, 0, count(*) FROM sync_runs GROUP BY repo_id
    ) held
    WHERE NOT EXISTS (SELECT FROM repos r WHERE r.id = held.repo_id)
    GROUP BY repo_id ORDER BY repo_id
""")

FIND_LOST_REFS = text("""
    SELECT f.repo_id, p.slug || '/' || r.name AS repo, f.name, f.sha
    FROM repo_refs f JOIN repos r ON r.id = f.repo_id JOIN projects p ON p.id = r.project_id
    WHERE NOT EXISTS (SELECT FROM commits c WHERE c.repo_id = f.repo_id AND c.sha = f.sha)
    ORDER BY repo, f.name
""")

# One as far in the future was begun before the clock was set back.
FIND_OPEN_RUNS = text("""
    SELECT s.repo_id, p.slug || '/' || r.name AS repo, s.id, s.last_batch_at
    FROM sync_runs s JOIN repos r ON r.id = s.repo_id JOIN projects p ON p.id = r.project_id
    WHERE s.state = 'running' AND s.last_batch_at NOT BETWEEN now() - CAST(:run_timeout AS interval)
                                                          AND now() + CAST(:run_timeout AS interval)
    ORDER BY repo, s.id
""")

RECOUNT = text("""
    UPDATE repos r SET total_commits = stored.count
    FROM (SELECT count(*) FROM commits WHERE repo_id = :repo_id) stored
    WHERE r.id = :repo_id AND r.total_commits <> stored.count
""")

# Which commit was sent last is not stored; the one with the newest date is the best that can be said.
RENEW_LAST_SHA = text("""
    UPDATE repos r SET last_ingested_sha = (
        SELECT sha FROM commits WHERE repo_id = :repo_id ORDER BY commit_date DESC, sha DESC LIMIT 1
    )
    WHERE r.id = :repo_id
      AND NOT EXISTS (SELECT FROM commits c WHERE c.repo_id = :repo_id AND c.sha = r.last_ingested_sha)
""")

# A client hides what is behind a tip: without the tip the next push asks again, and sends what is lacking.
FORGET_LOST_REF = text("""
    DELETE FROM repo_refs f WHERE f.repo_id = :repo_id AND f.name = :name
      AND NOT EXISTS (SELECT FROM commits c WHERE c.repo_id = f.repo_id AND c.sha = f.sha)
""")

CLOSE_RUN = text("""
    WITH repo AS (
        UPDATE repos SET sync_status = 'error', error_message = :message, last_error = :message, last_error_at = now()
        WHERE id = :repo_id AND sync_status = 'syncing'
          AND last_attempt_at NOT BETWEEN now() - CAST(:run_timeout AS interval)
                                      AND now() + CAST(:run_timeout AS interval)
    )
    UPDATE sync_runs SET state = 'interrupted', finished_at = now(), error_message = :message
    WHERE repo_id = :repo_id AND id = :run_id AND state = 'running'
      AND last_batch_at NOT BETWEEN now() - CAST(:run_timeout AS interval) AND now() + CAST(:run_timeout AS interval)
""")

IS_GONE = text("SELECT NOT EXISTS (SELECT FROM repos WHERE id = :repo_id)")
