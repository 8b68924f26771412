"""The SQL of ingest. `string_agg` of shas comes back as one value, 20 bytes each, which Python splits."""

from sqlalchemy import text

from tgl_server.access.sight import IS_KEY_SEEN
from tgl_server.ingest.encode import COLUMNS
from tgl_server.projects.queries import INTERRUPTION, abandoned
from tgl_server.remote_tips.queries import BEHIND_SINCE

COMMITS = "commits"
STAGING = "staged_commits"

# The staging table for a batch that met another push of the same commits. One per connection and not per batch, which
# would bloat the catalogue. "If not exists" is right for a pooled connection, after a rollback, and behind a pooler
# that hands out another connection each time.
CREATE_STAGING = text(f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS {STAGING} (LIKE {COMMITS} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS
""")

_COLUMNS = ", ".join(COLUMNS)

# Ordered by key: two overlapping pushes must take their locks in one order, or they deadlock.
MERGE_STAGED = text(f"""
    WITH merged AS (
        INSERT INTO commits ({_COLUMNS})
        SELECT {_COLUMNS} FROM {STAGING} ORDER BY repo_id, sha
        ON CONFLICT (repo_id, sha) DO NOTHING
        RETURNING sha
    )
    SELECT coalesce(string_agg(sha, ''), '') FROM merged
""")  # noqa: S608 -- our own column names

# The repository's state comes after its commits and the run's row after the state, in every statement that touches
# them: locks in one order. `version` counts every change of the state. The log's row has the same time as its commits:
# the transaction's.
# A pull counts only while its lease holds, which is not locked: a batch that overlaps with another worker's does no
# harm, and a lock of the queue's row after those of commits would be in the wrong order. Where the batch waited for
# somebody who has ended the pull, it has read the lease of before: the run, which is locked, says so.
COUNT_BATCH = text("""
    WITH state AS (
        UPDATE repo_states SET
            version = version + 1,
            ingest_seq = ingest_seq + CASE WHEN CAST(:inserted AS integer) > 0 THEN 1 ELSE 0 END,
            total_commits = total_commits + CAST(:inserted AS integer),
            last_ingested_sha = coalesce(CAST(:last_sha AS bytea), last_ingested_sha),
            sync_status = coalesce(CAST(:status AS text), sync_status),
            error_message = CASE WHEN CAST(:status AS text) IS NULL THEN error_message END,
            last_attempt_at = now(),
            last_success_at = CASE WHEN CAST(:status AS text) = 'healthy' THEN now() ELSE last_success_at END
        WHERE repo_id = :repo_id AND (CAST(:lease AS uuid) IS NULL OR EXISTS (
            SELECT FROM repo_pulls p JOIN repos r ON r.id = p.repo_id
            WHERE p.repo_id = :repo_id AND p.lease_token = CAST(:lease AS uuid) AND r.sync_method = 'pull_celery'
        ))
        RETURNING repo_id, ingest_seq
    ), logged AS (
        INSERT INTO ingest_log (repo_id, seq, at, inserted, kind)
        SELECT repo_id, ingest_seq, now(), CAST(:inserted AS integer), 'stored' FROM state
        WHERE CAST(:inserted AS integer) > 0
    )
    INSERT INTO sync_runs (repo_id, id, state, finished_at, batches, total, inserted, skipped, errors,
                           client_version, user_id, api_key_id, clock_skew, first_sha, last_sha)
    SELECT repo_id, CAST(:run_id AS uuid), CAST(:run_state AS text),
           CASE WHEN CAST(:run_state AS text) <> 'running' THEN now() END, 1, CAST(:total AS bigint),
           CAST(:inserted AS integer), CAST(:skipped AS bigint), CAST(:errors AS bigint),
           CAST(:client_version AS text), CAST(:user_id AS uuid), CAST(:api_key_id AS uuid),
           CAST(:clock_skew AS interval), CAST(:first_new AS bytea), CAST(:last_new AS bytea)
    FROM state
    ON CONFLICT (repo_id, id) DO UPDATE SET
        first_sha = coalesce(sync_runs.first_sha, EXCLUDED.first_sha),
        last_sha = coalesce(EXCLUDED.last_sha, sync_runs.last_sha),
        state = EXCLUDED.state, finished_at = NULL, error_message = NULL, last_batch_at = now(),
        batches = sync_runs.batches + 1,
        total = sync_runs.total + EXCLUDED.total, inserted = sync_runs.inserted + EXCLUDED.inserted,
        skipped = sync_runs.skipped + EXCLUDED.skipped, errors = sync_runs.errors + EXCLUDED.errors,
        client_version = coalesce(EXCLUDED.client_version, sync_runs.client_version),
        clock_skew = coalesce(EXCLUDED.clock_skew, sync_runs.clock_skew)
        WHERE CAST(:lease AS uuid) IS NULL OR sync_runs.state <> 'cancelled'
    RETURNING batches = 1 AS is_new
""")

RECORD_REFUSAL = text("""
    WITH state AS (
        UPDATE repo_states SET version = version + 1, sync_status = 'error', error_message = CAST(:message AS text),
                               last_attempt_at = now(), last_error = CAST(:message AS text), last_error_at = now()
        WHERE repo_id = :repo_id RETURNING repo_id
    )
    INSERT INTO sync_runs (repo_id, id, state, finished_at, batches, total, errors, client_version,
                           user_id, api_key_id, clock_skew, error_message)
    SELECT repo_id, CAST(:run_id AS uuid), 'failed', now(), 1, CAST(:total AS bigint), CAST(:total AS bigint),
           CAST(:client_version AS text), CAST(:user_id AS uuid), CAST(:api_key_id AS uuid),
           CAST(:clock_skew AS interval), CAST(:message AS text)
    FROM state
    ON CONFLICT (repo_id, id) DO UPDATE SET
        state = 'failed', finished_at = now(), last_batch_at = now(), batches = sync_runs.batches + 1,
        total = sync_runs.total + EXCLUDED.total, errors = sync_runs.errors + EXCLUDED.errors,
        error_message = EXCLUDED.error_message
""")

# A function in the database (migration 0010), since only a function can fix its plan: one look-up in the primary key
# for each sha, whatever the statistics say. Its result has no order.
MISSING_SHAS = text("SELECT missing_shas(CAST(:repo_id AS uuid), CAST(:shas AS bytea[]))")

# Ordered by key, like every write that two clients may do at once. A tip that has not moved is left alone.
SET_REFS = text("""
    INSERT INTO repo_refs (repo_id, name, sha)
    SELECT :repo_id, given.name, given.sha
    FROM unnest(CAST(:names AS text[]), CAST(:shas AS bytea[])) AS given (name, sha)
    ORDER BY given.name
    ON CONFLICT (repo_id, name) DO UPDATE SET sha = EXCLUDED.sha, updated_at = now()
        WHERE repo_refs.sha <> EXCLUDED.sha
""")

FORGET_REFS = text("DELETE FROM repo_refs WHERE repo_id = :repo_id AND name = ANY(CAST(:names AS text[]))")

# The tips after a name, at most `:limit` and as many as `:bytes` of names; what one answer may hold must have an end.
_REFS = """
    SELECT name, encode(sha, 'hex') AS sha FROM (
        SELECT name, sha, sum(octet_length(name)) OVER (ORDER BY name) AS bytes FROM (
            SELECT name, sha FROM repo_refs
            WHERE repo_id = :repo_id AND name > CAST(:after AS text) ORDER BY name LIMIT :limit
        ) first
    ) sized WHERE bytes <= CAST(:bytes AS bigint) ORDER BY name
"""

REFS = text(_REFS)

COUNTED_REFS = text("SELECT refs_total, refs_digest, removed_seq FROM repo_states WHERE repo_id = :repo_id")

# True for a run that began before the last commits were deleted: what it was told to be there may be gone.
BEGAN_BEFORE_REMOVAL = text("""
    SELECT EXISTS (
        SELECT FROM repo_states s
        JOIN ingest_log l ON l.repo_id = s.repo_id AND l.seq = s.removed_seq
        JOIN sync_runs r ON r.repo_id = s.repo_id AND r.id = CAST(:run_id AS uuid) AND r.started_at < l.at
        WHERE s.repo_id = :repo_id
    )
""")

# A push that found nothing new has no run, but the repository has been seen to be up to date. A run that was refused
# stays failed, and its repository as it is.
FINISH_RUN = text("""
    WITH state AS (
        UPDATE repo_states SET version = version + 1, sync_status = 'healthy', error_message = NULL,
                               last_attempt_at = now(), last_success_at = now()
        WHERE repo_id = :repo_id AND NOT EXISTS (
            SELECT 1 FROM sync_runs s WHERE s.repo_id = :repo_id AND s.id = :run_id AND s.state = 'failed'
        )
        RETURNING repo_id
    )
    UPDATE sync_runs r SET state = 'done', finished_at = now()
    FROM state WHERE r.repo_id = :repo_id AND r.id = :run_id
""")

STATUS = text(f"""
    SELECT s.*, r.expected_cadence, r.sync_method, now() AS now,
           (SELECT json_object_agg(name, sha) FROM ({_REFS}) page) AS refs, {BEHIND_SINCE} AS behind_since
    FROM repo_states s JOIN repos r ON r.id = s.repo_id WHERE s.repo_id = :repo_id
""")  # noqa: S608 -- our own text

# A run's state at this moment: an open one without a batch for `:run_timeout` was interrupted.
_STATE_NOW = f"CASE WHEN s.state = 'running' AND {abandoned('s.last_batch_at')} THEN 'interrupted' ELSE s.state END"

# A cursor is the last row's (started_at, id).
RUNS = text(f"""
    SELECT s.*, k.prefix AS key_prefix
    FROM sync_runs s LEFT JOIN api_keys k ON k.id = s.api_key_id AND {IS_KEY_SEEN}
    WHERE s.repo_id = :repo_id
      AND (CAST(:state AS text) IS NULL OR {_STATE_NOW} = :state)
      AND (CAST(:before_at AS timestamptz) IS NULL OR (s.started_at, s.id) < (:before_at, CAST(:before_id AS uuid)))
    ORDER BY s.started_at DESC, s.id DESC LIMIT :limit
""")  # noqa: S608 -- our own condition

RUN = text(f"""
    SELECT s.*, k.prefix AS key_prefix
    FROM sync_runs s LEFT JOIN api_keys k ON k.id = s.api_key_id AND {IS_KEY_SEEN}
    WHERE s.repo_id = :repo_id AND s.id = :run_id
""")  # noqa: S608 -- our own condition

# After the statement that counts the batch, and so under the lock of the state: two batches of a run do not take the
# same numbers. A run that was not counted, as its repository is deleted, gets none.
ADD_RUN_ERRORS = text("""
    INSERT INTO sync_run_errors (repo_id, run_id, n, sha, field, message)
    SELECT CAST(:repo_id AS uuid), CAST(:run_id AS uuid), before.n + given.n, given.sha, given.field, given.message
    FROM (SELECT coalesce(max(n), 0) AS n FROM sync_run_errors WHERE repo_id = :repo_id AND run_id = :run_id) before,
         unnest(CAST(:shas AS text[]), CAST(:fields AS text[]), CAST(:messages AS text[]))
         WITH ORDINALITY AS given (sha, field, message, n)
    WHERE before.n + given.n <= :most
      AND EXISTS (SELECT FROM sync_runs WHERE repo_id = :repo_id AND id = :run_id)
    ORDER BY given.n
""")

RUN_ERRORS = text("""
    SELECT sha, field, message FROM sync_run_errors WHERE repo_id = :repo_id AND run_id = :run_id ORDER BY n
""")

# Over the last runs only, so that a long history costs no more than a short one.
CLIENTS = text(f"""
    SELECT CASE WHEN {IS_KEY_SEEN} THEN k.prefix END AS key_prefix, CASE WHEN {IS_KEY_SEEN} THEN k.name END AS key_name,
           CASE WHEN :sees_people THEN u.display_name END AS user_name, s.client_version,
           count(*) AS runs, CAST(sum(s.inserted) AS bigint) AS inserted, max(s.last_batch_at) AS last_seen_at,
           (array_agg(s.clock_skew ORDER BY s.last_batch_at DESC) FILTER (WHERE s.clock_skew IS NOT NULL))[1]
               AS clock_skew
    FROM (SELECT * FROM sync_runs WHERE repo_id = :repo_id ORDER BY started_at DESC LIMIT 1000) s
    LEFT JOIN api_keys k ON k.id = s.api_key_id
    LEFT JOIN users u ON u.id = s.user_id
    GROUP BY k.id, u.id, s.client_version
    ORDER BY last_seen_at DESC
""")  # noqa: S608 -- our own condition

# The lock is held by the transaction and not by the connection, so that it works behind PgBouncer.
TRY_TO_SWEEP = text("SELECT pg_try_advisory_xact_lock(:key)")

# The repository's state first, as in every statement that touches both; one that is locked is being pushed to.
CLOSE_ABANDONED = text(f"""
    WITH left_open AS MATERIALIZED (
        SELECT s.repo_id, {INTERRUPTION} AS message FROM repo_states s
        WHERE s.repo_id IN (SELECT repo_id FROM sync_runs WHERE state = 'running' AND {abandoned("last_batch_at")})
           OR (s.sync_status = 'syncing' AND {abandoned("s.last_attempt_at")})
        ORDER BY s.repo_id FOR NO KEY UPDATE SKIP LOCKED
    ), state AS (
        UPDATE repo_states s SET version = version + 1, sync_status = 'error', error_message = l.message,
                                 last_error = l.message, last_error_at = now()
        FROM left_open l
        WHERE s.repo_id = l.repo_id AND s.sync_status = 'syncing' AND {abandoned("s.last_attempt_at")}
    ), run AS (
        UPDATE sync_runs r SET state = 'interrupted', finished_at = now(), error_message = l.message
        FROM left_open l
        WHERE r.repo_id = l.repo_id AND r.state = 'running' AND {abandoned("r.last_batch_at")}
        RETURNING r.repo_id, r.id
    )
    SELECT repo_id, id FROM run ORDER BY repo_id, id
""")  # noqa: S608 -- our own condition

# Three times the median pause between the last 20 runs with new commits, once there were five such runs; at least a
# day, so that nobody is stale over lunch, and at most 30. Once an hour for a repository that is pushed to.
LEARN_CADENCES = text("""
    WITH due AS MATERIALIZED (
        SELECT repo_id FROM repo_states
        WHERE last_success_at > coalesce(learned_at, '-infinity')
          AND coalesce(learned_at, '-infinity') < now() - interval '1 hour'
        ORDER BY repo_id LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE repo_states s SET version = version + 1, learned_at = now(), learned_cadence = learned.cadence
    FROM due CROSS JOIN LATERAL (
        SELECT CASE WHEN count(pause) >= 4 THEN
                   least(greatest(3 * percentile_cont(0.5) WITHIN GROUP (ORDER BY pause), interval '1 day'),
                         interval '30 days')
               END AS cadence
        FROM (
            SELECT started_at - lead(started_at) OVER (ORDER BY started_at DESC) AS pause
            FROM (
                SELECT started_at FROM sync_runs
                WHERE repo_id = due.repo_id AND state = 'done' AND inserted > 0
                ORDER BY started_at DESC LIMIT 20
            ) runs
        ) pauses
    ) learned
    WHERE s.repo_id = due.repo_id
""")
