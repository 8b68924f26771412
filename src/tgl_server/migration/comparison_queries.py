"""The SQL of comparisons that people ask for, and that workers make."""

from sqlalchemy import text

# One at a time for each repository: who asks while one is open gets that one.
ASK = text("""
    INSERT INTO repo_comparisons (repo_id, requested_by) VALUES (:repo_id, CAST(:user_id AS uuid))
    ON CONFLICT (repo_id) DO UPDATE SET
        requested_at = now(), requested_by = CAST(:user_id AS uuid), lease_token = NULL, lease_until = NULL,
        attempts = 0, finished_at = NULL, result = NULL, error = NULL
    WHERE repo_comparisons.finished_at IS NOT NULL
""")

FOUND = text("""
    SELECT requested_at, finished_at, result, error, coalesce(lease_until > now(), false) AS is_running,
           EXISTS (SELECT FROM pull_workers w WHERE w.seen_at > now() - CAST(:alive AS interval)) AS has_worker
    FROM repo_comparisons WHERE repo_id = :repo_id
""")

# The host that has the mirror looks first; after a while any may say that it has none.
CLAIM = text("""
    UPDATE repo_comparisons q SET
        lease_token = CAST(:token AS uuid), lease_until = now() + CAST(:lease AS interval), attempts = q.attempts + 1
    FROM (
        SELECT c.repo_id FROM repo_comparisons c LEFT JOIN repo_pulls p ON p.repo_id = c.repo_id
        WHERE c.finished_at IS NULL AND (c.lease_until IS NULL OR c.lease_until < now())
          AND (p.mirror_host IS NULL OR p.mirror_host = :host
               OR c.requested_at < now() - CAST(:preferred AS interval))
        ORDER BY c.requested_at, c.repo_id LIMIT 1 FOR NO KEY UPDATE OF c SKIP LOCKED
    ) next
    WHERE q.repo_id = next.repo_id
    RETURNING q.repo_id, q.attempts
""")

RENEW = text("""
    UPDATE repo_comparisons SET lease_until = now() + CAST(:lease AS interval)
    WHERE repo_id = :repo_id AND lease_token = :token AND finished_at IS NULL RETURNING repo_id
""")

FINISH = text("""
    UPDATE repo_comparisons SET
        finished_at = now(), lease_until = NULL, result = CAST(:result AS jsonb), error = CAST(:error AS text)
    WHERE repo_id = :repo_id AND lease_token = :token AND finished_at IS NULL
""")

GIVE_BACK = text("""
    UPDATE repo_comparisons SET lease_until = NULL, attempts = attempts - 1
    WHERE repo_id = :repo_id AND lease_token = :token AND finished_at IS NULL
""")
