"""The SQL of checks and repairs.

A check is one statement and so sees one moment, in which counters and rows agree however many pushes are running. A
repair runs after its repository's state was locked, and checks again: what was wrong may be right by now.
"""

from sqlalchemy import text

from tgl_server.commits.queries import recorded
from tgl_server.projects.queries import INTERRUPTION, abandoned

# This has to count, and does so from an index.
FIND_REPO_FAULTS = text("""
    SELECT * FROM (
        SELECT r.id, p.slug || '/' || r.name AS repo, s.total_commits, s.last_ingested_sha, stored.count AS stored,
               EXISTS (SELECT FROM commits c WHERE c.repo_id = r.id AND c.sha = s.last_ingested_sha) AS has_last
        FROM repos r JOIN projects p ON p.id = r.project_id JOIN repo_states s ON s.repo_id = r.id
        CROSS JOIN LATERAL (SELECT count(*) FROM commits c WHERE c.repo_id = r.id) stored
    ) found
    WHERE total_commits <> stored OR NOT has_last AND (last_ingested_sha IS NOT NULL OR stored > 0)
    ORDER BY repo
""")

FIND_STATELESS = text("""
    SELECT r.id, p.slug || '/' || r.name AS repo
    FROM repos r JOIN projects p ON p.id = r.project_id
    WHERE NOT EXISTS (SELECT FROM repo_states s WHERE s.repo_id = r.id)
    ORDER BY repo
""")

FIND_UNMARKED = text("""
    SELECT r.id, p.slug || '/' || r.name AS repo, f.follower
    FROM repos r JOIN projects p ON p.id = r.project_id CROSS JOIN unnest(CAST(:followers AS text[])) AS f (follower)
    WHERE NOT EXISTS (SELECT FROM follower_marks m WHERE m.repo_id = r.id AND m.follower = f.follower)
    ORDER BY repo, f.follower
""")

NAME_OF_REPO = text("""
    SELECT p.slug || '/' || r.name FROM repos r JOIN projects p ON p.id = r.project_id WHERE r.id = :repo_id
""")

FIND_ORPHANS = text("""
    SELECT repo_id, CAST(sum(commits) AS bigint) AS commits, CAST(sum(refs) AS bigint) AS refs,
           CAST(sum(runs) AS bigint) AS runs, CAST(sum(run_errors) AS bigint) AS run_errors,
           CAST(sum(states) AS bigint) AS states, CAST(sum(log_rows) AS bigint) AS log_rows,
           CAST(sum(marks) AS bigint) AS marks
    FROM (
        SELECT repo_id, count(*) AS commits, 0 AS refs, 0 AS runs, 0 AS run_errors, 0 AS states, 0 AS log_rows,
               0 AS marks
        FROM commits GROUP BY repo_id
        UNION ALL SELECT repo_id, 0, count(*), 0, 0, 0, 0, 0 FROM repo_refs GROUP BY repo_id
        UNION ALL SELECT repo_id, 0, 0, count(*), 0, 0, 0, 0 FROM sync_runs GROUP BY repo_id
        UNION ALL SELECT repo_id, 0, 0, 0, count(*), 0, 0, 0 FROM sync_run_errors GROUP BY repo_id
        UNION ALL SELECT repo_id, 0, 0, 0, 0, 1, 0, 0 FROM repo_states
        UNION ALL SELECT repo_id, 0, 0, 0, 0, 0, count(*), 0 FROM ingest_log GROUP BY repo_id
        UNION ALL SELECT repo_id, 0, 0, 0, 0, 0, 0, count(*) FROM follower_marks GROUP BY repo_id
    ) held
    WHERE NOT EXISTS (SELECT FROM repos r WHERE r.id = held.repo_id)
    GROUP BY repo_id ORDER BY repo_id
""")


def _wrong_moments(where: str) -> str:
    """A query for the times at which other numbers of commits are stored than the log says, with those numbers.

    Fewer are right if the log says later that commits were removed. Of times up to a forgotten row's nothing is said.
    """
    return f"""
        SELECT repo_id, at, coalesce(stored, 0) AS stored
        FROM (
            SELECT repo_id, ingested_at AS at, count(*) AS stored FROM commits WHERE {where} GROUP BY repo_id, 2
        ) counted FULL JOIN (
            SELECT repo_id, at, CAST(sum(inserted) AS bigint) AS logged, max(seq) AS seq
            FROM ingest_log WHERE inserted > 0 AND {where} GROUP BY repo_id, at
        ) logged USING (repo_id, at) LEFT JOIN (
            SELECT repo_id, max(at) AS until FROM ingest_log WHERE kind = 'forgotten' AND {where} GROUP BY repo_id
        ) forgotten USING (repo_id)
        WHERE coalesce(stored, 0) <> coalesce(logged, 0) AND at > coalesce(forgotten.until, '-infinity')
          AND NOT (coalesce(stored, 0) < coalesce(logged, 0) AND EXISTS (
              SELECT FROM ingest_log r WHERE r.repo_id = logged.repo_id AND r.seq > logged.seq AND r.kind = 'removed'
          ))
    """  # noqa: S608 -- our own text


FIND_LOG_FAULTS = text(f"""
    SELECT r.id, p.slug || '/' || r.name AS repo, coalesce(wrong.moments, 0) AS moments, s.ingest_seq, last.seq AS last
    FROM repos r JOIN projects p ON p.id = r.project_id JOIN repo_states s ON s.repo_id = r.id
    CROSS JOIN LATERAL (SELECT coalesce(max(seq), 0) AS seq FROM ingest_log l WHERE l.repo_id = r.id) last
    LEFT JOIN (SELECT repo_id, count(*) AS moments FROM ({_wrong_moments("true")}) m GROUP BY repo_id) wrong
           ON wrong.repo_id = r.id
    WHERE wrong.moments > 0 OR s.ingest_seq <> last.seq
    ORDER BY repo
""")  # noqa: S608 -- our own text

FIND_LOST_REFS = text("""
    SELECT f.repo_id, p.slug || '/' || r.name AS repo, f.name, f.sha
    FROM repo_refs f JOIN repos r ON r.id = f.repo_id JOIN projects p ON p.id = r.project_id
    WHERE NOT EXISTS (SELECT FROM commits c WHERE c.repo_id = f.repo_id AND c.sha = f.sha)
    ORDER BY repo, f.name
""")

FIND_WRONG_TIPS = text(f"""
    SELECT r.id, p.slug || '/' || r.name AS repo, s.refs_total, recorded.total
    FROM repos r JOIN projects p ON p.id = r.project_id JOIN repo_states s ON s.repo_id = r.id
    CROSS JOIN LATERAL ({recorded("r.id")}) recorded
    WHERE s.refs_total <> recorded.total OR s.refs_digest <> recorded.digest
    ORDER BY repo
""")  # noqa: S608 -- our own text

FIND_OPEN_RUNS = text(f"""
    SELECT s.repo_id, p.slug || '/' || r.name AS repo, s.id, s.last_batch_at
    FROM sync_runs s JOIN repos r ON r.id = s.repo_id JOIN projects p ON p.id = r.project_id
    WHERE s.state = 'running' AND {abandoned("s.last_batch_at")}
    ORDER BY repo, s.id
""")  # noqa: S608 -- our own condition

RECOUNT = text("""
    UPDATE repo_states s SET total_commits = stored.count, version = version + 1
    FROM (SELECT count(*) FROM commits WHERE repo_id = :repo_id) stored
    WHERE s.repo_id = :repo_id AND s.total_commits <> stored.count
""")

RENEW_TIPS = text(f"""
    UPDATE repo_states s SET version = version + 1, refs_total = recorded.total, refs_digest = recorded.digest
    FROM ({recorded(":repo_id")}) recorded
    WHERE s.repo_id = :repo_id AND (s.refs_total <> recorded.total OR s.refs_digest <> recorded.digest)
""")  # noqa: S608 -- our own text

# Rows that do not match their commits are replaced by right ones at the log's end, and one more row tells followers to
# compute everything anew.
REBUILD_LOG = text(f"""
    WITH wrong AS ({_wrong_moments("repo_id = :repo_id")}), ends AS (
        SELECT s.ingest_seq, coalesce(max(l.seq), 0) AS last
        FROM repo_states s LEFT JOIN ingest_log l ON l.repo_id = s.repo_id WHERE s.repo_id = :repo_id GROUP BY 1
    ), again AS (
        SELECT greatest(ingest_seq, last) + row_number() OVER (ORDER BY is_end, at) AS seq, at, stored
        FROM ends, (
            SELECT at, stored, false AS is_end FROM wrong WHERE stored > 0 UNION ALL SELECT now(), 0, true
        ) found
        WHERE ingest_seq <> last OR EXISTS (SELECT FROM wrong)
    ), gone AS (
        DELETE FROM ingest_log l USING wrong w WHERE l.repo_id = :repo_id AND l.at = w.at AND l.inserted > 0
    ), state AS (
        UPDATE repo_states SET version = version + 1, ingest_seq = (SELECT max(seq) FROM again)
        WHERE repo_id = :repo_id AND EXISTS (SELECT FROM again)
    )
    INSERT INTO ingest_log (repo_id, seq, at, inserted, kind)
    SELECT CAST(:repo_id AS uuid), seq, at, stored, 'rebuilt' FROM again
""")  # noqa: S608 -- our own text

# A client does not walk beyond a known tip: without the tip the next push asks again, and sends what is missing.
FORGET_LOST_REF = text("""
    DELETE FROM repo_refs f WHERE f.repo_id = :repo_id AND f.name = :name
      AND NOT EXISTS (SELECT FROM commits c WHERE c.repo_id = f.repo_id AND c.sha = f.sha)
""")

CLOSE_RUN = text(f"""
    WITH state AS (
        UPDATE repo_states SET version = version + 1, sync_status = 'error', error_message = {INTERRUPTION},
                               last_error = {INTERRUPTION}, last_error_at = now()
        WHERE repo_id = :repo_id AND sync_status = 'syncing'
          AND {abandoned("last_attempt_at")}
    )
    UPDATE sync_runs SET state = 'interrupted', finished_at = now(), error_message = {INTERRUPTION}
    WHERE repo_id = :repo_id AND id = :run_id AND state = 'running'
      AND {abandoned("last_batch_at")}
""")  # noqa: S608 -- our own condition

# Locked until the state is made, so that a deletion comes before or after it.
HOLD_REPO = text("SELECT id FROM repos WHERE id = :repo_id FOR KEY SHARE")

# The state as the pushes left it, as far as their commits and runs show.
CREATE_STATE_ANEW = text(f"""
    INSERT INTO repo_states (repo_id, sync_status, total_commits, last_ingested_sha, last_attempt_at, last_success_at,
                             ingest_seq, removed_seq, refs_total, refs_digest)
    SELECT CAST(:repo_id AS uuid), CASE WHEN stored.count > 0 THEN 'healthy' ELSE 'pending' END, stored.count,
           (SELECT sha FROM commits WHERE repo_id = :repo_id ORDER BY commit_date DESC, sha DESC LIMIT 1),
           (SELECT max(last_batch_at) FROM sync_runs WHERE repo_id = :repo_id),
           (SELECT max(finished_at) FROM sync_runs WHERE repo_id = :repo_id AND state = 'done'),
           (SELECT coalesce(max(seq), 0) FROM ingest_log WHERE repo_id = :repo_id),
           (SELECT coalesce(max(seq), 0) FROM ingest_log WHERE repo_id = :repo_id AND kind = 'removed'),
           recorded.total, recorded.digest
    FROM (SELECT count(*) FROM commits WHERE repo_id = :repo_id) stored, ({recorded(":repo_id")}) recorded
    ON CONFLICT (repo_id) DO NOTHING
""")  # noqa: S608 -- our own text

IS_GONE = text("SELECT NOT EXISTS (SELECT FROM repos WHERE id = :repo_id)")
