"""The SQL of endpoints: what maintainers do with them. `delivery_queries.py` has that of sending."""

from sqlalchemy import text

_VALID_UNTIL = "CASE WHEN e.old_until > now() THEN e.old_until END AS old_secret_until"

# Locked, so that the number of a project's endpoints is decided by one request at a time.
LOCK_PROJECT = text("SELECT id FROM projects WHERE id = :project_id FOR NO KEY UPDATE")

COUNT = text("SELECT count(*) FROM endpoints WHERE project_id = :project_id")

ADD = text("""
    INSERT INTO endpoints (id, project_id, url, types, sealed, created_by)
    VALUES (:id, :project_id, :url, CAST(:types AS text[]), :sealed, CAST(:created_by AS uuid))
    ON CONFLICT (id) DO NOTHING RETURNING id
""")

LIST = text(f"""
    SELECT e.id, e.url, e.types, e.is_active, e.switched_off_reason, e.created_at, e.rotated_at, {_VALID_UNTIL},
           (SELECT count(*) FROM endpoint_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'pending') AS pending,
           (SELECT count(*) FROM endpoint_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'failed') AS failed,
           last.*
    FROM endpoints e
    LEFT JOIN LATERAL (
        SELECT d.last_status, d.last_attempt_at FROM endpoint_deliveries d
        WHERE d.endpoint_id = e.id AND d.last_attempt_at IS NOT NULL ORDER BY d.last_attempt_at DESC LIMIT 1
    ) last ON true
    WHERE e.project_id = :project_id AND (CAST(:id AS uuid) IS NULL OR e.id = CAST(:id AS uuid))
    ORDER BY e.created_at, e.id
""")  # noqa: S608 -- our own text

LOCK = text("""
    SELECT id, url, types, is_active FROM endpoints WHERE id = :id AND project_id = :project_id FOR NO KEY UPDATE
""")

# What happened while it was off is not sent.
CHANGE = text("""
    UPDATE endpoints SET
        url = :url, types = CAST(:types AS text[]), is_active = :is_active,
        active_since = CASE WHEN :is_active AND NOT is_active THEN now() ELSE active_since END,
        switched_off_reason = CASE WHEN NOT :is_active THEN switched_off_reason END,
        not_before = CASE WHEN :url = url THEN not_before END
    WHERE id = :id
""")

# The secret that was valid so far becomes the old one, for a while; an older one is gone.
ROTATE = text("""
    UPDATE endpoints SET
        old_sealed = CASE WHEN CAST(:overlap AS interval) > interval '0' THEN sealed END,
        old_until = CASE WHEN CAST(:overlap AS interval) > interval '0' THEN now() + CAST(:overlap AS interval) END,
        sealed = :sealed, rotated_at = now()
    WHERE id = :id AND project_id = :project_id
    RETURNING url, old_until
""")

DELETE = text("DELETE FROM endpoints WHERE id = :id AND project_id = :project_id RETURNING url")

IS_OF_PROJECT = text("SELECT EXISTS (SELECT FROM endpoints WHERE id = :id AND project_id = :project_id)")

# A cursor is the last row's `n`.
DELIVERIES = text("""
    SELECT id, n, message_id, type, repo_id, state, created_at, attempts, last_attempt_at, last_status, last_error,
           last_answer, body, CASE WHEN state = 'pending' THEN next_attempt_at END AS next_attempt_at
    FROM endpoint_deliveries
    WHERE endpoint_id = :id AND (CAST(:before AS bigint) IS NULL OR n < CAST(:before AS bigint))
      AND (CAST(:delivery_id AS uuid) IS NULL OR id = CAST(:delivery_id AS uuid))
    ORDER BY n DESC LIMIT :limit
""")

# Behind all that wait, so that it holds up nothing.
SEND_AGAIN = text("""
    INSERT INTO endpoint_deliveries (id, endpoint_id, message_id, type, repo_id, body)
    SELECT CAST(:new_id AS uuid), endpoint_id, message_id, type, repo_id, body FROM endpoint_deliveries
    WHERE id = :delivery_id AND endpoint_id = :id
    RETURNING message_id
""")
