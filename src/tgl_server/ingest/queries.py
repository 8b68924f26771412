"""The SQL of taking commits in. `string_agg` of shas comes back as one value: 20 bytes each, cut up in Python."""

from sqlalchemy import text

from tgl_server.ingest.encode import COLUMNS

COMMITS = "commits"
STAGING = "staged_commits"

# Where a batch waits that met another push of the same commits. One per connection and not per batch, which would
# bloat the catalogue. "If not exists" holds for a pooled connection, after a rollback, and behind a pooler that hands
# out another connection each time.
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

# The repository's row comes after its commits and the run's row after the repository's, in every statement that
# touches them: locks in one order.
COUNT_BATCH = text("""
    WITH repo AS (
        UPDATE repos SET
            total_commits = total_commits + CAST(:inserted AS bigint),
            last_ingested_sha = coalesce(CAST(:last_sha AS bytea), last_ingested_sha),
            sync_status = coalesce(CAST(:status AS text), sync_status),
            error_message = CASE WHEN CAST(:status AS text) IS NULL THEN error_message END,
            last_attempt_at = now(),
            last_success_at = CASE WHEN CAST(:status AS text) = 'healthy' THEN now() ELSE last_success_at END
        WHERE id = :repo_id
        RETURNING id
    )
    INSERT INTO sync_runs (repo_id, id, state, finished_at, batches, total, inserted, skipped, errors,
                           client_version, user_id, api_key_id, clock_skew)
    SELECT repo.id, CAST(:run_id AS uuid), CAST(:run_state AS text),
           CASE WHEN CAST(:run_state AS text) <> 'running' THEN now() END, 1, CAST(:total AS bigint),
           CAST(:inserted AS bigint), CAST(:skipped AS bigint), CAST(:errors AS bigint),
           CAST(:client_version AS text), CAST(:user_id AS uuid), CAST(:api_key_id AS uuid),
           CAST(:clock_skew AS interval)
    FROM repo
    ON CONFLICT (repo_id, id) DO UPDATE SET
        state = EXCLUDED.state, finished_at = NULL, error_message = NULL, last_batch_at = now(),
        batches = sync_runs.batches + 1,
        total = sync_runs.total + EXCLUDED.total, inserted = sync_runs.inserted + EXCLUDED.inserted,
        skipped = sync_runs.skipped + EXCLUDED.skipped, errors = sync_runs.errors + EXCLUDED.errors,
        client_version = coalesce(EXCLUDED.client_version, sync_runs.client_version),
        clock_skew = coalesce(EXCLUDED.clock_skew, sync_runs.clock_skew)
    RETURNING batches = 1 AS is_new
""")

RECORD_REFUSAL = text("""
    WITH repo AS (
        UPDATE repos SET sync_status = 'error', error_message = CAST(:message AS text), last_attempt_at = now(),
                         last_error = CAST(:message AS text), last_error_at = now()
        WHERE id = :repo_id RETURNING id
    )
    INSERT INTO sync_runs (repo_id, id, state, finished_at, batches, total, errors, client_version,
                           user_id, api_key_id, clock_skew, error_message)
    SELECT repo.id, CAST(:run_id AS uuid), 'failed', now(), 1, CAST(:total AS bigint), CAST(:total AS bigint),
           CAST(:client_version AS text), CAST(:user_id AS uuid), CAST(:api_key_id AS uuid),
           CAST(:clock_skew AS interval), CAST(:message AS text)
    FROM repo
    ON CONFLICT (repo_id, id) DO UPDATE SET
        state = 'failed', finished_at = now(), last_batch_at = now(), batches = sync_runs.batches + 1,
        total = sync_runs.total + EXCLUDED.total, errors = sync_runs.errors + EXCLUDED.errors,
        error_message = EXCLUDED.error_message
""")

# LATERAL with LIMIT makes this one index look-up a sha. Two things keep it to the primary key: `db.engine` has it
# planned each time, and the sub-select hides whose commits they are. A repository that came after the last ANALYZE
# has no rows as far as PostgreSQL knows: any index that begins with `repo_id` would do then, and each look-up read all
# that the repository has. Of one that it does not know, it expects as many rows as an average one has.
MISSING_SHAS = text("""
    SELECT coalesce(string_agg(asked.sha, '' ORDER BY asked.n), '')
    FROM unnest(CAST(:shas AS bytea[])) WITH ORDINALITY AS asked (sha, n)
    LEFT JOIN LATERAL (
        SELECT true AS found FROM commits c
        WHERE c.repo_id = (SELECT CAST(:repo_id AS uuid)) AND c.sha = asked.sha LIMIT 1
    ) have ON true
    WHERE have.found IS NULL
""")

LOCK_REPO = text("SELECT id FROM repos WHERE id = :repo_id FOR NO KEY UPDATE")

# Ordered by key, like every write that two clients may do at once.
SET_REFS = text("""
    INSERT INTO repo_refs (repo_id, name, sha)
    SELECT :repo_id, given.name, given.sha
    FROM unnest(CAST(:names AS text[]), CAST(:shas AS bytea[])) AS given (name, sha)
    ORDER BY given.name
    ON CONFLICT (repo_id, name) DO UPDATE SET sha = EXCLUDED.sha, updated_at = now()
""")

FORGET_REFS = text("DELETE FROM repo_refs WHERE repo_id = :repo_id AND name = ANY(CAST(:names AS text[]))")

REFS = text("SELECT name, sha FROM repo_refs WHERE repo_id = :repo_id ORDER BY name")

# A push that found nothing new has no run, but the repository has been seen to be in step. A run that was refused
# stays failed, and its repository as it is.
FINISH_RUN = text("""
    WITH repo AS (
        UPDATE repos SET sync_status = 'healthy', error_message = NULL, last_attempt_at = now(), last_success_at = now()
        WHERE id = :repo_id AND NOT EXISTS (
            SELECT 1 FROM sync_runs s WHERE s.repo_id = :repo_id AND s.id = :run_id AND s.state = 'failed'
        )
        RETURNING id
    )
    UPDATE sync_runs SET state = 'done', finished_at = now()
    FROM repo WHERE repo_id = repo.id AND sync_runs.id = :run_id
""")

STATUS = text("""
    SELECT r.id, r.sync_status, r.error_message, r.last_attempt_at, r.last_success_at, r.last_ingested_sha,
           r.total_commits, r.expected_cadence, r.learned_cadence, r.last_error, r.last_error_at, now() AS now,
           (SELECT json_object_agg(name, encode(sha, 'hex')) FROM repo_refs WHERE repo_id = r.id) AS refs
    FROM repos r WHERE r.id = :repo_id
""")

# A cursor is the last row's (started_at, id).
RUNS = text("""
    SELECT s.*, k.prefix AS key_prefix
    FROM sync_runs s LEFT JOIN api_keys k ON k.id = s.api_key_id
    WHERE s.repo_id = :repo_id
      AND (CAST(:before_at AS timestamptz) IS NULL OR (s.started_at, s.id) < (:before_at, CAST(:before_id AS uuid)))
    ORDER BY s.started_at DESC, s.id DESC LIMIT :limit
""")

# Over the last runs only, so that a long history costs no more than a short one.
CLIENTS = text("""
    SELECT k.prefix AS key_prefix, k.name AS key_name, u.display_name AS user_name, s.client_version,
           count(*) AS runs, CAST(sum(s.inserted) AS bigint) AS inserted, max(s.last_batch_at) AS last_seen_at,
           (array_agg(s.clock_skew ORDER BY s.last_batch_at DESC) FILTER (WHERE s.clock_skew IS NOT NULL))[1]
               AS clock_skew
    FROM (SELECT * FROM sync_runs WHERE repo_id = :repo_id ORDER BY started_at DESC LIMIT 1000) s
    LEFT JOIN api_keys k ON k.id = s.api_key_id
    LEFT JOIN users u ON u.id = s.user_id
    GROUP BY k.id, u.id, s.client_version
    ORDER BY last_seen_at DESC
""")
