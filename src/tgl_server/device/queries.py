"""The SQL of machines' logins; the database's clock decides what has expired."""

from sqlalchemy import text

# A code for people that another login has at this moment is not taken twice.
ADD_LOGIN = text("""
    INSERT INTO device_logins (id, device_code_hash, user_code_hash, state, name, scopes, expires_in_days, ip,
                               user_agent, expires_at, interval_seconds)
    VALUES (:id, :device_code_hash, :user_code_hash, 'waiting', :name, CAST(:scopes AS text[]), :expires_in_days,
            CAST(:ip AS inet), :user_agent, now() + CAST(:lifetime AS interval), :interval_seconds)
    ON CONFLICT (user_code_hash) DO NOTHING RETURNING id
""")

LOGIN_BY_USER_CODE = text("""
    SELECT id, state, name, scopes, expires_in_days, host(ip) AS ip, user_agent, created_at, user_id
    FROM device_logins WHERE user_code_hash = :user_code_hash AND expires_at > now()
""")

# Of two answers at once the second waits for the first, and then finds it. A machine has a minute to collect its key.
DECIDE = text("""
    UPDATE device_logins
    SET state = :state, user_id = :user_id, expires_at = GREATEST(expires_at, now() + interval '1 minute')
    WHERE user_code_hash = :user_code_hash AND state = 'waiting' AND expires_at > now()
    RETURNING id, state, name, scopes, expires_in_days, host(ip) AS ip, user_agent, created_at, user_id
""")

# A second of tolerance: a machine that waits exactly as long as it was told is not too early.
POLL = text("""
    WITH asked AS (
        SELECT id, coalesce(last_polled_at > now() - (interval_seconds - 1) * interval '1 second', false) AS is_early
        FROM device_logins WHERE device_code_hash = :device_code_hash FOR UPDATE
    )
    UPDATE device_logins d
    SET last_polled_at = now(),
        interval_seconds = LEAST(60, d.interval_seconds + CASE WHEN asked.is_early THEN 5 ELSE 0 END)
    FROM asked WHERE d.id = asked.id
    RETURNING d.state, d.expires_at <= now() AS has_expired, asked.is_early,
              EXISTS (SELECT FROM users u WHERE u.id = d.user_id AND u.state = 'active') AS is_allowed
""")

# Of two that collect at once the second waits for the first, and then finds nothing. The account is locked as well, so
# that it is not retired in the middle.
COLLECT = text("""
    UPDATE device_logins SET state = 'collected'
    WHERE device_code_hash = :device_code_hash AND state = 'approved' AND expires_at > now()
    RETURNING id, name, scopes, expires_in_days, host(ip) AS ip, user_id
""")

LOCK_ACTIVE_USER = text("SELECT id FROM users WHERE id = :user_id AND state = 'active' FOR SHARE")

# An hour longer than they are good for, so that a machine is told that its code has expired.
FORGET_EXPIRED = text("DELETE FROM device_logins WHERE expires_at < now() - interval '1 hour'")
