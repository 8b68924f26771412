"""The SQL of API keys that is more than plain rows."""

from sqlalchemy import ColumnElement, and_, case, func, text

from tgl_protocol.api_keys import KeyState
from tgl_server.api_keys.models import ApiKeyRow


def in_state(state: KeyState) -> ColumnElement[bool]:
    """A condition: the key is in this state now, by the rule of `tgl_server.api_keys.rules.key_state`."""
    has_expired = and_(ApiKeyRow.expires_at.is_not(None), ApiKeyRow.expires_at <= func.now())
    found = case(
        (ApiKeyRow.revoked_at.is_not(None), KeyState.REVOKED.value),
        (has_expired, KeyState.EXPIRED.value),
        (ApiKeyRow.is_active, KeyState.ACTIVE.value),
        else_=KeyState.INACTIVE.value,
    )
    return found == state.value


# The repositories of these that the user may read, by the rules of `tgl_server.access.guards`.
READABLE_REPOS = text("""
    SELECT r.id
    FROM repos r JOIN projects p ON p.id = r.project_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE r.id = ANY(CAST(:repo_ids AS uuid[])) AND (p.owner_id = :user_id OR m.role IS NOT NULL OR :sees_all)
""")

# Every day up to today by the database's clock, with a row or without; no day of a key that is not the user's.
DAYS_OF_KEY = text("""
    SELECT CAST(d.at AS date) AS day, coalesce(k.uses, 0) AS uses, coalesce(k.refused, 0) AS refused
    FROM (SELECT date_trunc('day', now() AT TIME ZONE 'UTC') AS today) t
    JOIN api_keys owned ON owned.id = :key_id AND owned.user_id = :user_id
    CROSS JOIN generate_series(t.today - (CAST(:days AS integer) - 1) * interval '1 day', t.today, '1 day') AS d (at)
    LEFT JOIN api_key_days k ON k.key_id = owned.id AND k.day = CAST(d.at AS date)
    ORDER BY day
""")

# After 24 hours the same header makes a new key.
FORGET_OLD_IDEMPOTENCY = text("""
    UPDATE api_keys SET idempotency_hash = NULL, request_hash = NULL
    WHERE user_id = :user_id AND idempotency_hash = :idempotency_hash AND created_at < now() - interval '24 hours'
""")

MADE_BEFORE = text("""
    SELECT id, prefix, request_hash FROM api_keys WHERE user_id = :user_id AND idempotency_hash = :idempotency_hash
""")

# A key that was rotated has a successor, and one that does not work already ends for nobody. One whose end was missed
# by more than a day, as the server did not run, is not news. What is held is told of by the next turn.
TELL_EXPIRY = text("""
    WITH due AS (
        SELECT k.id, d.days FROM api_keys k
        CROSS JOIN LATERAL (
            SELECT min(given.days) AS days FROM (VALUES (14), (3), (0)) AS given (days)
            WHERE k.expires_at <= now() + make_interval(days => given.days)
              AND k.expires_at - k.created_at > make_interval(days => given.days)
        ) d
        WHERE k.expires_at BETWEEN now() - interval '1 day' AND now() + interval '14 days'
          AND k.revoked_at IS NULL AND k.rotated_to IS NULL AND k.is_active
          AND d.days IS NOT NULL AND (k.expiry_told IS NULL OR k.expiry_told > d.days)
        ORDER BY k.id FOR NO KEY UPDATE OF k SKIP LOCKED
    )
    UPDATE api_keys k SET expiry_told = due.days FROM due WHERE k.id = due.id
    RETURNING k.id, k.user_id, k.prefix, k.name, k.expires_at, k.expiry_told
""")
