"""The SQL of chats."""

from sqlalchemy import text

# Locked, so that the number of a project's chats is decided by one request at a time.
LOCK_PROJECT = text("SELECT id FROM projects WHERE id = :project_id FOR NO KEY UPDATE")

COUNT = text("SELECT count(*) FROM chat_hooks WHERE project_id = :project_id")

ADD = text("""
    INSERT INTO chat_hooks (id, project_id, kind, sealed, shown, failing, stale, created_by)
    VALUES (:id, :project_id, :kind, :sealed, :shown, :failing, :stale, CAST(:created_by AS uuid))
    RETURNING id, kind, shown, failing, stale, is_active, created_at, last_sent_at, last_error
""")

LIST = text("""
    SELECT id, kind, shown, failing, stale, is_active, created_at, last_sent_at, last_error
    FROM chat_hooks WHERE project_id = :project_id ORDER BY created_at, id
""")

FIND = text("SELECT kind, sealed FROM chat_hooks WHERE id = :id AND project_id = :project_id")

DELETE = text("DELETE FROM chat_hooks WHERE id = :id AND project_id = :project_id RETURNING kind")

TELL = text("""
    INSERT INTO chat_notices (id, hook_id, event_id, type, repo_id, data, at)
    SELECT gen_random_uuid(), h.id, CAST(:event_id AS uuid), CAST(:type AS text), CAST(:repo_id AS uuid),
           CAST(:data AS jsonb), :at
    FROM chat_hooks h
    WHERE h.project_id = CAST(:project_id AS uuid) AND h.is_active
      AND ((:failing AND h.failing) OR (:stale AND h.stale))
    ON CONFLICT (hook_id, event_id) DO NOTHING
""")

# Whoever takes a chat is the only one who sends to it until the lease ends.
CLAIM = text("""
    UPDATE chat_hooks SET
        lease_token = :token, lease_until = now() + CAST(:lease AS interval), attempts = attempts + 1
    WHERE id = (
        SELECT h.id FROM chat_hooks h
        WHERE h.is_active AND (h.due_at IS NULL OR h.due_at <= now())
          AND (h.lease_until IS NULL OR h.lease_until < now())
          AND EXISTS (
              SELECT FROM chat_notices n
              WHERE n.hook_id = h.id AND n.created_at <= now() - CAST(:quiet AS interval)
          )
        ORDER BY h.due_at NULLS FIRST, h.id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, kind, sealed, attempts, lease_token
""")

NOTICES = text("""
    SELECT n.id, n.type, n.data, n.at, p.slug, p.name AS project_name, r.name AS repo_name
    FROM chat_notices n
    JOIN chat_hooks h ON h.id = n.hook_id
    JOIN projects p ON p.id = h.project_id
    LEFT JOIN repos r ON r.id = n.repo_id
    WHERE n.hook_id = :id ORDER BY n.at, n.id LIMIT :limit
""")

FORGET = text("""
    DELETE FROM chat_notices n USING chat_hooks h
    WHERE h.id = :id AND h.lease_token = :token AND n.hook_id = h.id AND n.id = ANY(CAST(:notices AS uuid[]))
""")

FINISH = text("""
    UPDATE chat_hooks SET
        attempts = CASE WHEN :is_over THEN 0 ELSE attempts END,
        due_at = now() + CAST(:pause AS interval), lease_token = NULL, lease_until = NULL, last_error = :error,
        last_sent_at = CASE WHEN :is_taken THEN now() ELSE last_sent_at END, is_active = :is_active
    WHERE id = :id AND lease_token = :token
""")

# What waits to be told, and the chats that answered that they are gone.
BACKLOG = text("""
    SELECT (SELECT count(*) FROM chat_notices) AS waiting,
           (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float FROM chat_notices) AS oldest_seconds,
           (SELECT count(*) FROM chat_hooks WHERE NOT is_active) AS switched_off
""")
