"""The SQL of the runs of pulls: the repository's state first and then the run, as in every statement of ingest."""

from sqlalchemy import text

QUEUE_RUN = text("""
    WITH state AS (
        UPDATE repo_states SET version = version + 1 WHERE repo_id = :repo_id RETURNING repo_id
    )
    INSERT INTO sync_runs (repo_id, id, state, source, phase, user_id)
    SELECT repo_id, CAST(:run_id AS uuid), 'queued', 'pull', 'queued', CAST(:user_id AS uuid) FROM state
    ON CONFLICT (repo_id, id) DO NOTHING
""")

# A run that was queued begins now; one whose worker was lost goes on with what it has counted.
BEGIN_RUN = text("""
    WITH state AS (
        UPDATE repo_states SET version = version + 1, sync_status = 'syncing', last_attempt_at = now()
        WHERE repo_id = :repo_id RETURNING repo_id
    )
    INSERT INTO sync_runs (repo_id, id, state, source, phase, client_version)
    SELECT repo_id, CAST(:run_id AS uuid), 'running', 'pull', 'fetching', CAST(:client_version AS text) FROM state
    ON CONFLICT (repo_id, id) DO UPDATE SET
        state = 'running', phase = 'fetching', finished_at = NULL, error_message = NULL, last_batch_at = now(),
        started_at = CASE WHEN sync_runs.batches = 0 THEN now() ELSE sync_runs.started_at END,
        client_version = EXCLUDED.client_version
    RETURNING user_id
""")

# Signs of life: a fetch may take longer than a run may be silent.
KEEP_RUN = text("""
    WITH state AS (
        UPDATE repo_states SET version = version + 1, last_attempt_at = now()
        WHERE repo_id = :repo_id RETURNING repo_id
    )
    UPDATE sync_runs r SET last_batch_at = now(), phase = CAST(:phase AS text)
    FROM state s WHERE r.repo_id = s.repo_id AND r.id = CAST(:run_id AS uuid)
""")

FAIL_RUN = text("""
    WITH state AS (
        UPDATE repo_states SET version = version + 1, sync_status = 'error', error_message = CAST(:message AS text),
                               last_attempt_at = now(), last_error = CAST(:message AS text), last_error_at = now()
        WHERE repo_id = :repo_id RETURNING repo_id
    )
    UPDATE sync_runs r SET state = 'failed', finished_at = now(), error_message = CAST(:message AS text)
    FROM state s WHERE r.repo_id = s.repo_id AND r.id = CAST(:run_id AS uuid)
""")

# The state is what it was before the run: an error that is not over, or the success before.
_IS_FAILING = "last_error_at IS NOT NULL AND last_error_at >= coalesce(last_success_at, '-infinity')"
_STATE_BEFORE = f"""
    UPDATE repo_states SET version = version + 1,
        sync_status = CASE WHEN sync_status <> 'syncing' THEN sync_status WHEN {_IS_FAILING} THEN 'error'
                           WHEN last_success_at IS NULL THEN 'pending' ELSE 'healthy' END,
        error_message = CASE WHEN sync_status <> 'syncing' THEN error_message WHEN {_IS_FAILING} THEN last_error END
    WHERE repo_id = :repo_id RETURNING repo_id
"""  # noqa: S608 -- our own condition

# Runs that are done already, or that are gone, stay as they are.
CANCEL_RUNS = text(f"""
    WITH state AS ({_STATE_BEFORE})
    UPDATE sync_runs r SET state = 'cancelled', finished_at = now(), error_message = CAST(:message AS text)
    FROM state s
    WHERE r.repo_id = s.repo_id AND r.id = ANY(CAST(:run_ids AS uuid[]))
      AND r.state IN ('queued', 'running', 'interrupted')
""")  # noqa: S608 -- our own text

REQUEUE_RUN = text(f"""
    WITH state AS ({_STATE_BEFORE})
    UPDATE sync_runs r SET state = 'queued', phase = 'queued'
    FROM state s WHERE r.repo_id = s.repo_id AND r.id = CAST(:run_id AS uuid) AND r.state = 'running'
""")  # noqa: S608 -- our own text

# What has no batch says nothing but that the repository was up to date, which its state says.
DROP_EMPTY_RUN = text("""
    DELETE FROM sync_runs WHERE repo_id = :repo_id AND id = CAST(:run_id AS uuid) AND batches = 0 AND state = 'done'
""")
