"""The SQL of forgetting. What has no index by time is read as a whole, once an hour."""

from sqlalchemy import text

_OLD = "now() - make_interval(days => CAST(:days AS int))"

# The reasons have no time of their own: their run has one.
FORGET_RUN_ERRORS = text(f"""
    WITH gone AS (
        DELETE FROM sync_run_errors WHERE (repo_id, run_id, n) IN (
            SELECT e.repo_id, e.run_id, e.n FROM sync_runs r
            JOIN sync_run_errors e ON e.repo_id = r.repo_id AND e.run_id = r.id
            WHERE r.last_batch_at < {_OLD}
            LIMIT :limit
        )
        RETURNING n
    )
    SELECT count(*) FROM gone
""")  # noqa: S608 -- our own expression

# Those that are over, but for the last hundred of a repository and the last twenty that brought commits: pages show
# these, and cadences are learned from them. What a push or a pull holds is left for the next time.
FORGET_RUNS = text(f"""
    WITH old AS MATERIALIZED (
        SELECT r.repo_id, r.id FROM repo_states s
        CROSS JOIN LATERAL (
            SELECT started_at FROM sync_runs WHERE repo_id = s.repo_id ORDER BY started_at DESC OFFSET 99 LIMIT 1
        ) shown
        LEFT JOIN LATERAL (
            SELECT started_at FROM sync_runs WHERE repo_id = s.repo_id AND state = 'done' AND inserted > 0
            ORDER BY started_at DESC OFFSET 19 LIMIT 1
        ) learned ON true
        JOIN sync_runs r ON r.repo_id = s.repo_id AND r.started_at < shown.started_at
        WHERE r.last_batch_at < {_OLD} AND r.state NOT IN ('queued', 'running')
          AND (r.state <> 'done' OR r.inserted = 0 OR r.started_at < learned.started_at)
        LIMIT :limit FOR UPDATE OF r SKIP LOCKED
    ), reasons AS (
        DELETE FROM sync_run_errors e USING old WHERE e.repo_id = old.repo_id AND e.run_id = old.id
    ), gone AS (
        DELETE FROM sync_runs r USING old WHERE r.repo_id = old.repo_id AND r.id = old.id RETURNING r.id
    )
    SELECT count(*) FROM gone
""")  # noqa: S608 -- our own expression

# Old rows of the ingest log that every follower has read. The row of the last removal stays: runs that began before it
# are known by its time.
_READ = f"""
    FROM ingest_log l JOIN repo_states s ON s.repo_id = l.repo_id
    WHERE l.at < {_OLD} AND l.seq <> s.removed_seq
      AND l.seq <= (SELECT min(m.seq) FROM follower_marks m WHERE m.repo_id = l.repo_id)
"""  # noqa: S608 -- our own expression

OLD_LOGS = text(f"SELECT DISTINCT l.repo_id {_READ} AND l.kind <> 'forgotten'")

# The last of them stays as `forgotten`, with the latest of their times: whoever starts before it computes all anew, and
# `verify` compares what came after.
FORGET_LOG = text(f"""
    WITH old AS MATERIALIZED (
        SELECT l.seq, l.at {_READ} AND l.repo_id = :repo_id ORDER BY l.seq LIMIT :limit
    ), last AS (
        SELECT max(seq) AS seq, max(at) AS at FROM old
    ), gone AS (
        DELETE FROM ingest_log l USING old, last
        WHERE l.repo_id = :repo_id AND l.seq = old.seq AND l.seq < last.seq RETURNING l.seq
    ), stays AS (
        UPDATE ingest_log l SET kind = 'forgotten', inserted = 0, at = last.at FROM last
        WHERE l.repo_id = :repo_id AND l.seq = last.seq
    )
    SELECT count(*) FROM gone
""")  # noqa: S608 -- our own text
