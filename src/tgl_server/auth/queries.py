"""The SQL of authentication. It reads other features' tables, so that they can all depend on it."""

from sqlalchemy import text

# Read on every request, so that revocation, deactivation and expiry act at once, in every process.
KEY_BY_PREFIX = text("""
    SELECT k.id, k.key_hash, k.scopes, k.is_active, k.expires_at, k.revoked_at, k.repo_ids,
           CAST(k.networks AS text[]) AS networks, k.user_id, u.role, u.state
    FROM api_keys k JOIN users u ON u.id = k.user_id
    WHERE k.prefix = :prefix
""")

# One statement for all keys used since the last flush; outside of any request's transaction.
COUNT_USES = text("""
    UPDATE api_keys k
    SET usage_count = k.usage_count + u.uses, last_used_at = u.at, last_used_ip = CAST(u.ip AS inet),
        last_user_agent = u.agent
    FROM unnest(CAST(:ids AS uuid[]), CAST(:uses AS bigint[]), CAST(:ats AS timestamptz[]),
                CAST(:ips AS text[]), CAST(:agents AS text[])) AS u(id, uses, at, ip, agent)
    WHERE k.id = u.id
""")
