"""The SQL of authentication. It reads other features' tables, so that they can all depend on it."""

from sqlalchemy import text

# Read on every request, so that revocation, deactivation and expiry act at once, in every process.
KEYS_BY_PREFIX = text("""
    SELECT k.prefix, k.id, k.key_hash, k.scopes, k.is_active, k.expires_at, k.revoked_at, k.repo_ids,
           CAST(k.networks AS text[]) AS networks, k.user_id, u.role, u.state
    FROM api_keys k JOIN users u ON u.id = k.user_id
    WHERE k.prefix = ANY(CAST(:prefixes AS text[]))
""")

# Of two processes that renew a hash at once one wins, and the other changes nothing.
RENEW_KEY_HASH = text("UPDATE api_keys SET key_hash = :new WHERE id = :id AND key_hash = :old RETURNING id")

# Read on every request with an access token, so that logging out and retirement act at once, in every process.
SESSION_BY_ID = text("""
    SELECT s.expires_at, s.ended_at, u.role, u.state
    FROM auth_sessions s JOIN users u ON u.id = s.user_id
    WHERE s.id = :session_id AND s.user_id = :user_id
""")

# One statement for all keys used since the last flush; outside of any request's transaction. Locked in the order of
# the ids: two processes that flush at once would deadlock otherwise. Whoever writes last need not have seen it last.
COUNT_USES = text("""
    WITH used AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:uses AS bigint[]), CAST(:ats AS timestamptz[]),
                             CAST(:ips AS text[]), CAST(:agents AS text[])) AS u (id, uses, at, ip, agent)
    ), locked AS (
        SELECT k.id, k.last_used_at IS NULL OR k.last_used_at <= used.at AS is_latest
        FROM api_keys k JOIN used ON used.id = k.id
        ORDER BY k.id FOR NO KEY UPDATE OF k
    )
    UPDATE api_keys k SET
        usage_count = k.usage_count + used.uses,
        last_used_at = CASE WHEN is_latest THEN used.at ELSE k.last_used_at END,
        last_used_ip = CASE WHEN is_latest THEN CAST(used.ip AS inet) ELSE k.last_used_ip END,
        last_user_agent = CASE WHEN is_latest THEN used.agent ELSE k.last_user_agent END
    FROM locked JOIN used ON used.id = locked.id
    WHERE k.id = locked.id
""")
