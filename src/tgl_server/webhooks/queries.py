"""The SQL of webhooks."""

from sqlalchemy import text

_LAST = """
    LEFT JOIN LATERAL (
        SELECT d.received_at AS last_received_at, d.status AS last_status
        FROM webhook_deliveries d WHERE d.hook_id = h.id ORDER BY d.id DESC LIMIT 1
    ) last ON true
"""
_VALID_UNTIL = "CASE WHEN h.old_until > now() THEN h.old_until END AS old_secret_until"

# Locked, so that the number of a repository's webhooks is decided by one request at a time.
LOCK_REPO = text("SELECT id FROM repos WHERE id = :repo_id FOR NO KEY UPDATE")

COUNT = text("SELECT count(*) FROM webhooks WHERE repo_id = :repo_id")

ADD = text("""
    INSERT INTO webhooks (id, repo_id, kind, sealed, created_by)
    VALUES (:id, :repo_id, :kind, :sealed, CAST(:created_by AS uuid))
    ON CONFLICT DO NOTHING RETURNING id
""")

LIST = text(f"""
    SELECT h.id, h.kind, h.created_at, h.rotated_at, {_VALID_UNTIL}, last.*
    FROM webhooks h {_LAST} WHERE h.repo_id = :repo_id ORDER BY h.created_at, h.id
""")  # noqa: S608 -- our own text

# The secret that was valid so far becomes the old one, for a while; an older one is gone.
ROTATE = text("""
    UPDATE webhooks SET
        old_sealed = CASE WHEN CAST(:overlap AS interval) > interval '0' THEN sealed END,
        old_until = CASE WHEN CAST(:overlap AS interval) > interval '0' THEN now() + CAST(:overlap AS interval) END,
        sealed = :sealed, rotated_at = now()
    WHERE id = :id AND repo_id = :repo_id
    RETURNING kind, old_until
""")

DELETE = text("DELETE FROM webhooks WHERE id = :id AND repo_id = :repo_id RETURNING kind")

IS_OF_REPO = text("SELECT EXISTS (SELECT FROM webhooks WHERE id = :id AND repo_id = :repo_id)")

# Ids grow with time.
DELIVERIES = text("""
    SELECT id, received_at, delivery_id, event, outcome, reason, status, run_id
    FROM webhook_deliveries
    WHERE hook_id = :id AND (CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid))
    ORDER BY id DESC LIMIT :limit
""")

# The webhook that a delivery came to, with the secrets that are valid now.
FIND = text("""
    SELECT id, repo_id, kind, sealed, CASE WHEN old_until > now() THEN old_sealed END AS old_sealed, now() AS now
    FROM webhooks WHERE id = :id
""")

# The repository first: its deletion locks it before anything else, and all that is written here depends on it.
LOCK_TARGET = text("""
    SELECT r.id, r.sync_method, r.git_url FROM webhooks h JOIN repos r ON r.id = h.repo_id
    WHERE h.id = :id FOR KEY SHARE OF r
""")

# No row: this one has been here, less than `kept` ago. Another transaction with the same one is waited for.
REMEMBER = text("""
    INSERT INTO webhook_seen (hook_id, hash) VALUES (:id, :hash)
    ON CONFLICT (hook_id, hash) DO UPDATE SET seen_at = now()
    WHERE webhook_seen.seen_at < now() - CAST(:kept AS interval)
""")

FORGET = text("DELETE FROM webhook_seen WHERE hook_id = :id AND hash = ANY(CAST(:hashes AS bytea[]))")

ADD_DELIVERY = text("""
    INSERT INTO webhook_deliveries (id, hook_id, delivery_id, event, outcome, reason, status, run_id)
    SELECT CAST(:id AS uuid), h.id, CAST(:delivery_id AS text), CAST(:event AS text), :outcome, CAST(:reason AS text),
           :status, CAST(:run_id AS uuid)
    FROM webhooks h WHERE h.id = :hook_id
""")

TRY_TO_SWEEP = text("SELECT pg_try_advisory_xact_lock(:key)")

WIPE_OLD_SECRETS = text("UPDATE webhooks SET old_sealed = NULL, old_until = NULL WHERE old_until <= now()")

FORGET_SEEN = text("""
    DELETE FROM webhook_seen WHERE (hook_id, hash) IN (
        SELECT hook_id, hash FROM webhook_seen WHERE seen_at < now() - interval '30 days' LIMIT :limit
    )
""")

FORGET_DELIVERIES = text("""
    DELETE FROM webhook_deliveries WHERE id IN (
        SELECT id FROM webhook_deliveries WHERE received_at < now() - CAST(:kept AS interval) LIMIT :limit
    )
""")
