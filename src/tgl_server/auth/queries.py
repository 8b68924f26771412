"""The SQL of authentication. It reads the tables of other features directly, so that all of them can depend on it.

The database decides what has expired or ended: a server's own clock may be wrong, and servers would disagree.
"""

from sqlalchemy import text

# Read on every request, so that revocation, deactivation and expiry act at once, in every process.
KEYS_BY_PREFIX = text("""
    SELECT k.prefix, k.id, k.key_hash, k.scopes, k.is_active, k.revoked_at IS NOT NULL AS is_revoked,
           coalesce(k.expires_at <= now(), false) AS has_expired, k.repo_ids,
           CAST(k.networks AS text[]) AS networks, k.user_id, u.role, u.state
    FROM api_keys k JOIN users u ON u.id = k.user_id
    WHERE k.prefix = ANY(CAST(:prefixes AS text[]))
""")

# If two processes renew a hash at once, one wins and the other changes nothing.
RENEW_KEY_HASH = text("UPDATE api_keys SET key_hash = :new WHERE id = :id AND key_hash = :old RETURNING id")

# Read on every request with an access token, so that logging out and retirement act at once, in every process. Always
# one row, with nulls if there is no such session.
SESSION_BY_ID = text("""
    SELECT now() AS now, found.*
    FROM (VALUES (1)) AS asked LEFT JOIN (
        SELECT s.ended_at IS NOT NULL OR s.expires_at <= now() AS has_ended, u.role, u.state
        FROM auth_sessions s JOIN users u ON u.id = s.user_id
        WHERE s.id = :session_id AND s.user_id = :user_id
    ) found ON true
""")

# A hash without its salt and digest says with which parameters it was made.
STORED_PARAMETERS = text(r"""
    SELECT min(password_hash) AS example, count(*) AS accounts FROM users WHERE password_hash IS NOT NULL
    GROUP BY substring(password_hash FROM '^(.*[$])[^$]*[$][^$]*$')
""")

# One statement for all keys used since the last flush, outside any request's transaction: keys are locked for no longer
# than it takes. Locked in the order of the ids, and the days after them in the order of their key: two processes that
# flush at once would deadlock otherwise. The later write need not have the later use, and a key that is gone has none.
COUNT_USES = text("""
    WITH used AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:uses AS bigint[]), CAST(:ats AS timestamptz[]),
                             CAST(:ips AS text[]), CAST(:agents AS text[])) AS u (id, uses, at, ip, agent)
    ), locked AS (
        SELECT k.id, k.last_used_at IS NULL OR k.last_used_at <= used.at AS is_latest
        FROM api_keys k JOIN used ON used.id = k.id
        ORDER BY k.id FOR NO KEY UPDATE OF k
    ), days AS (
        INSERT INTO api_key_days AS held (key_id, day, uses, refused)
        SELECT k.id, given.day, given.uses, given.refused
        FROM unnest(CAST(:day_ids AS uuid[]), CAST(:days AS date[]), CAST(:day_uses AS bigint[]),
                    CAST(:day_refused AS bigint[])) AS given (id, day, uses, refused)
        JOIN api_keys k ON k.id = given.id
        ORDER BY k.id, given.day
        ON CONFLICT (key_id, day) DO UPDATE SET
            uses = held.uses + EXCLUDED.uses, refused = held.refused + EXCLUDED.refused
    )
    UPDATE api_keys k SET
        usage_count = k.usage_count + used.uses,
        last_used_at = CASE WHEN is_latest THEN used.at ELSE k.last_used_at END,
        last_used_ip = CASE WHEN is_latest THEN CAST(used.ip AS inet) ELSE k.last_used_ip END,
        last_user_agent = CASE WHEN is_latest THEN used.agent ELSE k.last_user_agent END
    FROM locked JOIN used ON used.id = locked.id
    WHERE k.id = locked.id
""")

# The table has a row for each key and day of use, and is read as a whole.
FORGET_USES = text("""
    WITH gone AS (
        DELETE FROM api_key_days WHERE (key_id, day) IN (
            SELECT key_id, day FROM api_key_days WHERE day < CAST(now() AT TIME ZONE 'UTC' AS date) - CAST(:days AS int)
            LIMIT :limit
        )
        RETURNING key_id
    )
    SELECT count(*) FROM gone
""")
