"""The SQL of the queue: each act is one statement, decided by the database's clock.

The row of `repo_pulls` comes before the repository's state and its run, in every transaction that touches them.
"""

from sqlalchemy import text

#: A condition on a row `p` of the queue and its repository `r`. A pause ends when somebody asks; the server's own also
#: when the address, the credentials or the confirmed host keys are others than when the last pull began: what is stored
#: while it runs comes too late for it.
IS_PAUSED = """(
    p.paused_at IS NOT NULL AND p.requested_run_id IS NULL
    AND (p.paused_by IS NOT NULL OR (
        p.paused_url IS NOT DISTINCT FROM r.git_url
        AND NOT EXISTS (SELECT FROM repo_credentials c
                        WHERE c.repo_id = p.repo_id AND c.set_at > coalesce(p.began_at, p.paused_at))
        AND NOT EXISTS (SELECT FROM repo_host_keys k
                        WHERE k.repo_id = p.repo_id AND k.confirmed_at > coalesce(p.began_at, p.paused_at))
    ))
)"""

# A host that has the mirror looks first, while it lives and the wait is short: it has to fetch only what is new.
_HOST_FIRST = """
    CASE WHEN coalesce(q.claimed_at, q.requested_at, q.next_due_at) > now() - CAST(:preferred AS interval)
          AND EXISTS (SELECT FROM pull_workers w WHERE w.host = q.mirror_host AND w.uses_broker
                      AND w.seen_at > now() - CAST(:alive AS interval))
         THEN q.mirror_host END
"""

#: A pull that may be claimed: its moment has come, somebody asked for it, or it is under way and has no worker.
IS_DUE = f"""
    r.sync_method = 'pull_celery'
    AND (p.next_due_at <= now() OR p.requested_at <= now() OR p.run_id IS NOT NULL)
    AND (p.lease_until IS NULL OR p.lease_until < now())
    AND NOT {IS_PAUSED}
    AND NOT EXISTS (SELECT FROM pull_pause)
"""

# Any number may tick: what one has handed out, the others leave alone for a while.
TICK = text(f"""
    UPDATE repo_pulls q SET queued_at = now()
    FROM (
        SELECT p.repo_id FROM repo_pulls p JOIN repos r ON r.id = p.repo_id
        WHERE {IS_DUE} AND (p.queued_at IS NULL OR p.queued_at < now() - CAST(:requeue AS interval))
        ORDER BY coalesce(p.claimed_at, p.requested_at, p.next_due_at), p.repo_id
        LIMIT :limit FOR NO KEY UPDATE OF p SKIP LOCKED
    ) due
    WHERE q.repo_id = due.repo_id
    RETURNING q.repo_id, {_HOST_FIRST} AS host
""")  # noqa: S608 -- our own condition

# Nobody was told: the next tick may hand them out again.
TAKE_BACK = text(
    "UPDATE repo_pulls SET queued_at = NULL WHERE repo_id = ANY(CAST(:ids AS uuid[])) AND lease_token IS NULL"
)

HOST_FIRST = text(f"SELECT {_HOST_FIRST} FROM repo_pulls q WHERE q.repo_id = :repo_id")  # noqa: S608 -- our own

# A run that was under way goes on; else the one that was asked for begins, or a new one. Somebody may have asked for
# another one meanwhile: that one waits.
CLAIM = text(f"""
    WITH due AS (
        SELECT p.repo_id, r.git_url, p.run_id, p.requested_run_id, p.requested_cause
        FROM repo_pulls p JOIN repos r ON r.id = p.repo_id
        WHERE p.repo_id = :repo_id AND {IS_DUE} FOR NO KEY UPDATE OF p SKIP LOCKED
    )
    UPDATE repo_pulls q SET
        lease_token = CAST(:token AS uuid), lease_until = now() + CAST(:lease AS interval), lease_owner = :owner,
        claimed_at = now(), began_at = now(), queued_at = NULL, attempts = q.attempts + 1,
        run_id = coalesce(d.run_id, d.requested_run_id, CAST(:run_id AS uuid)),
        cause = CASE WHEN d.run_id IS NOT NULL THEN q.cause WHEN d.requested_run_id IS NOT NULL
                     THEN coalesce(d.requested_cause, 'request') ELSE 'schedule' END,
        requested_run_id = CASE WHEN d.run_id IS NOT NULL THEN d.requested_run_id END,
        requested_at = CASE WHEN d.run_id IS NOT NULL THEN q.requested_at END,
        requested_by = CASE WHEN d.run_id IS NOT NULL THEN q.requested_by END,
        requested_cause = CASE WHEN d.run_id IS NOT NULL THEN q.requested_cause END
    FROM due d WHERE q.repo_id = d.repo_id
    RETURNING q.repo_id, q.run_id, q.cause, q.attempts, q.cron, q.timezone, q.failures, q.refusals, d.git_url
""")  # noqa: S608 -- our own condition

# No row: the lease is lost.
RENEW = text("""
    UPDATE repo_pulls p SET lease_until = now() + CAST(:lease AS interval)
    FROM repos r
    WHERE r.id = p.repo_id AND p.repo_id = :repo_id AND p.lease_token = CAST(:token AS uuid)
    RETURNING p.run_id, p.cancel_requested_at IS NOT NULL AS is_cancelled, r.sync_method
""")

# The schedule may have changed meanwhile; then its next moment is known already. A pull that succeeded would own all
# tips: where clients push by now, it has lost its lease.
DONE = text("""
    UPDATE repo_pulls SET
        lease_token = NULL, lease_until = NULL, lease_owner = NULL, claimed_at = NULL, queued_at = NULL,
        run_id = NULL, cause = NULL, cancel_requested_at = NULL, attempts = 0,
        next_due_at = CASE WHEN cron IS NOT DISTINCT FROM CAST(:cron AS text) AND timezone = :timezone
                           THEN CAST(:next_due_at AS timestamptz) ELSE next_due_at END,
        failures = :failures, refusals = :refusals, failure_code = CAST(:failure_code AS text),
        paused_at = CASE WHEN paused_by IS NOT NULL THEN paused_at
                         WHEN CAST(:paused_reason AS text) IS NOT NULL THEN now() END,
        paused_reason = CASE WHEN paused_by IS NULL THEN CAST(:paused_reason AS text) END,
        paused_url = CASE WHEN paused_by IS NULL THEN CAST(:paused_url AS text) END,
        mirror_host = coalesce(CAST(:mirror_host AS text), mirror_host),
        mirror_bytes = coalesce(CAST(:mirror_bytes AS bigint), mirror_bytes),
        mirrored_at = CASE WHEN CAST(:mirror_host AS text) IS NOT NULL THEN now() ELSE mirrored_at END
    WHERE repo_id = :repo_id AND lease_token = CAST(:token AS uuid)
      AND (CAST(:mirror_host AS text) IS NULL
           OR EXISTS (SELECT FROM repos r WHERE r.id = :repo_id AND r.sync_method = 'pull_celery'))
    RETURNING repo_id
""")

# Its run is still under way, so that any worker may claim it at once.
GIVE_BACK = text("""
    UPDATE repo_pulls SET lease_token = NULL, lease_until = NULL, lease_owner = NULL, queued_at = NULL,
                          attempts = greatest(attempts - 1, 0)
    WHERE repo_id = :repo_id AND lease_token = CAST(:token AS uuid)
    RETURNING run_id
""")

# One that waits already is the one: who asks twice is pulled once, at the earlier moment of the two.
REQUEST = text("""
    INSERT INTO repo_pulls (repo_id, requested_at, requested_by, requested_cause, requested_run_id)
    VALUES (:repo_id, now(), CAST(:user_id AS uuid), :cause, CAST(:run_id AS uuid))
    ON CONFLICT (repo_id) DO UPDATE SET
        requested_at = least(repo_pulls.requested_at,
                             greatest(now(), repo_pulls.began_at + CAST(:spacing AS interval))),
        requested_by = CASE WHEN repo_pulls.requested_run_id IS NULL THEN EXCLUDED.requested_by
                            ELSE repo_pulls.requested_by END,
        requested_cause = CASE WHEN repo_pulls.requested_run_id IS NULL THEN EXCLUDED.requested_cause
                               ELSE repo_pulls.requested_cause END,
        requested_run_id = coalesce(repo_pulls.requested_run_id, EXCLUDED.requested_run_id),
        paused_at = NULL, paused_reason = NULL, paused_url = NULL, paused_by = NULL
    RETURNING requested_run_id
""")

_FOUND = """
    SELECT repo_id, run_id, requested_run_id, coalesce(lease_until >= now(), false) AS is_running
    FROM repo_pulls WHERE repo_id = :repo_id FOR NO KEY UPDATE
"""
# What waits is dropped, with the lease of a worker that is late, lest it go on with the run: `dropped` are the runs
# that no worker will end.
_DROP_WAITING = """
    run_id = CASE WHEN f.is_running THEN p.run_id END, cause = CASE WHEN f.is_running THEN p.cause END,
    attempts = CASE WHEN f.is_running THEN p.attempts ELSE 0 END,
    lease_token = CASE WHEN f.is_running THEN p.lease_token END,
    lease_until = CASE WHEN f.is_running THEN p.lease_until END,
    lease_owner = CASE WHEN f.is_running THEN p.lease_owner END,
    requested_at = NULL, requested_by = NULL, requested_cause = NULL, requested_run_id = NULL
"""
_DROPPED = """
    array_remove(ARRAY[f.requested_run_id, CASE WHEN NOT f.is_running THEN f.run_id END], NULL) AS dropped
"""

# One that runs is told. The schedule's next moment is for one that its worker gave back: else it would begin again at
# once.
CANCEL = text(f"""
    WITH found AS ({_FOUND})
    UPDATE repo_pulls p SET
        cancel_requested_at = CASE WHEN f.is_running THEN coalesce(p.cancel_requested_at, now()) END,
        next_due_at = CASE WHEN NOT f.is_running AND p.next_due_at <= now() AND f.run_id IS NOT NULL
                           THEN CAST(:next_due_at AS timestamptz) ELSE p.next_due_at END,
        {_DROP_WAITING}
    FROM found f WHERE p.repo_id = f.repo_id
    RETURNING f.is_running, {_DROPPED}
""")  # noqa: S608 -- our own text

ADD_ROW = text("INSERT INTO repo_pulls (repo_id) VALUES (:repo_id) ON CONFLICT DO NOTHING")

# One that runs goes on to its end.
PAUSE = text(f"""
    WITH found AS ({_FOUND})
    UPDATE repo_pulls p SET
        paused_at = now(), paused_by = CAST(:user_id AS uuid), paused_reason = NULL, paused_url = NULL, {_DROP_WAITING}
    FROM found f WHERE p.repo_id = f.repo_id
    RETURNING {_DROPPED}
""")  # noqa: S608 -- our own text

# What waits for a repository that clients push to by now will never be claimed.
DROP_UNPULLED = text("""
    WITH found AS (
        SELECT p.repo_id, p.run_id, p.requested_run_id FROM repo_pulls p JOIN repos r ON r.id = p.repo_id
        WHERE r.sync_method <> 'pull_celery' AND (p.requested_run_id IS NOT NULL OR p.run_id IS NOT NULL)
          AND (p.lease_until IS NULL OR p.lease_until < now())
        ORDER BY p.repo_id LIMIT 200 FOR NO KEY UPDATE OF p SKIP LOCKED
    )
    UPDATE repo_pulls p SET run_id = NULL, cause = NULL, attempts = 0, lease_token = NULL, lease_until = NULL,
                            lease_owner = NULL, requested_at = NULL, requested_by = NULL, requested_cause = NULL,
                            requested_run_id = NULL
    FROM found f WHERE p.repo_id = f.repo_id
    RETURNING p.repo_id, array_remove(ARRAY[f.requested_run_id, f.run_id], NULL) AS dropped
""")

# Clients push to it from now on. A worker that has it has lost its lease, and what it stores is rolled back.
END_PULLS = text("""
    WITH found AS (
        SELECT repo_id, run_id, requested_run_id FROM repo_pulls WHERE repo_id = :repo_id FOR NO KEY UPDATE
    )
    UPDATE repo_pulls p SET
        run_id = NULL, cause = NULL, attempts = 0, failures = 0, refusals = 0, cancel_requested_at = NULL,
        lease_token = NULL, lease_until = NULL, lease_owner = NULL, claimed_at = NULL, queued_at = NULL,
        requested_at = NULL, requested_by = NULL, requested_cause = NULL, requested_run_id = NULL,
        paused_at = NULL, paused_reason = NULL, paused_url = NULL, paused_by = NULL
    FROM found f WHERE p.repo_id = f.repo_id
    RETURNING array_remove(ARRAY[f.run_id, f.requested_run_id], NULL) AS ended
""")

# Held while its credentials are read: those of one address are never sent to another.
HOLD_ADDRESS = text("SELECT git_url FROM repos WHERE id = :repo_id FOR SHARE")

SCHEDULE = text("""
    INSERT INTO repo_pulls (repo_id, cron, timezone, next_due_at)
    VALUES (:repo_id, CAST(:cron AS text), :timezone, CAST(:next_due_at AS timestamptz))
    ON CONFLICT (repo_id) DO UPDATE SET
        cron = EXCLUDED.cron, timezone = EXCLUDED.timezone, next_due_at = EXCLUDED.next_due_at,
        paused_at = NULL, paused_reason = NULL, paused_url = NULL, paused_by = NULL, queued_at = NULL
""")

LOCK_SCHEDULE = text("SELECT cron, timezone FROM repo_pulls WHERE repo_id = :repo_id FOR NO KEY UPDATE")

PULL = text(f"""
    SELECT r.sync_method, r.git_url, p.*, coalesce(p.lease_until >= now(), false) AS is_running,
           {IS_PAUSED} AS is_paused
    FROM repos r LEFT JOIN repo_pulls p ON p.repo_id = r.id WHERE r.id = :repo_id
""")  # noqa: S608 -- our own condition

# Mirrors of other hosts say nothing about the one of this host.
MIRRORED = text("""
    SELECT r.id, CASE WHEN p.mirror_host = :host THEN p.mirrored_at END AS mirrored_at
    FROM repos r LEFT JOIN repo_pulls p ON p.repo_id = r.id
    WHERE r.id = ANY(CAST(:ids AS uuid[])) AND r.sync_method = 'pull_celery'
""")

IS_LEASED = text("SELECT EXISTS (SELECT FROM repo_pulls WHERE repo_id = :repo_id AND lease_until >= now())")

# A worker's sign of life; those who gave none for a day are forgotten.
SEEN = text("""
    WITH gone AS (DELETE FROM pull_workers WHERE seen_at < now() - interval '1 day' AND id <> CAST(:id AS uuid))
    INSERT INTO pull_workers (id, host, pid, version, children, disk_free, uses_broker)
    VALUES (CAST(:id AS uuid), :host, :pid, :version, :children, CAST(:disk_free AS bigint), :uses_broker)
    ON CONFLICT (id) DO UPDATE SET seen_at = now(), disk_free = EXCLUDED.disk_free
""")

GONE = text("DELETE FROM pull_workers WHERE id = CAST(:id AS uuid)")
