"""The SQL of sessions: opening, rotating and ending them."""

from sqlalchemy import text

# The password is compared again under the lock: an earlier password change or retirement wins.
LOCK_FOR_LOGIN = text("""
    SELECT id FROM users WHERE id = :user_id AND password_hash = :password_hash AND state <> 'retired'
    FOR NO KEY UPDATE
""")

# Ended sessions are kept until they would have expired, so that their stolen tokens are recognised, and all of them for
# as long as their networks are known.
FORGET_EXPIRED_SESSIONS = text("""
    DELETE FROM auth_sessions
    WHERE user_id = :user_id AND expires_at < now() AND created_at < now() - interval '30 days'
""")

# One statement for every address, existing or not. Without a network there is no address: a socket of this machine.
KNOWS_NETWORK = text("""
    SELECT EXISTS (
        SELECT FROM auth_sessions s JOIN users u ON u.id = s.user_id
        WHERE lower(u.email) = :email AND s.created_at > now() - interval '30 days'
          AND CASE WHEN CAST(:network AS inet) IS NULL THEN s.ip IS NULL ELSE s.ip <<= CAST(:network AS inet) END
    )
""")

OPEN_SESSION = text("""
    INSERT INTO auth_sessions (id, user_id, expires_at, ip, user_agent)
    VALUES (:id, :user_id, now() + CAST(:lifetime AS interval), CAST(:ip AS inet), :user_agent)
    RETURNING expires_at, now() AS now
""")

ADD_REFRESH_TOKEN = text("INSERT INTO refresh_tokens (token_hash, session_id) VALUES (:token_hash, :session_id)")

# Locked, so that of two requests with one token the second sees that it was used. It is repeated if the client that
# used it sends it once more within ten seconds; `now()` may be before the other's, for which this one has waited.
LOCK_REFRESH_TOKEN = text("""
    SELECT now() AS now, t.used_at, t.successor_salt, s.id AS session_id, s.user_id, s.expires_at,
           t.used_at > now() - interval '10 seconds' AND t.used_network = :network
               AND t.used_user_agent IS NOT DISTINCT FROM CAST(:user_agent AS text) AS is_repeated,
           s.expires_at <= now() AS has_expired, s.ended_at IS NOT NULL AS has_ended, u.state
    FROM refresh_tokens t JOIN auth_sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
    WHERE t.token_hash = :token_hash
    FOR UPDATE OF t
""")

USE_REFRESH_TOKEN = text("""
    UPDATE refresh_tokens
    SET used_at = now(), successor_salt = :salt, used_network = :network, used_user_agent = :user_agent
    WHERE token_hash = :token_hash
""")

IS_UNUSED = text("SELECT used_at IS NULL FROM refresh_tokens WHERE token_hash = :token_hash")

END_SESSION = text("""
    UPDATE auth_sessions SET ended_at = now(), end_reason = :reason WHERE id = :session_id AND ended_at IS NULL
""")

END_SESSIONS_OF_USER = text("""
    UPDATE auth_sessions SET ended_at = now(), end_reason = :reason
    WHERE user_id = :user_id AND ended_at IS NULL AND id IS DISTINCT FROM CAST(:kept AS uuid)
""")

RENEW_HASH = text("UPDATE users SET password_hash = :password_hash WHERE id = :user_id")

OPEN_BROWSER_SESSION = text("""
    INSERT INTO auth_sessions (id, user_id, expires_at, ip, user_agent, cookie_hash, last_seen_at)
    VALUES (:id, :user_id, now() + CAST(:lifetime AS interval), CAST(:ip AS inet), :user_agent, :cookie_hash, now())
""")

# Read on every request of a page: the session, its user, and how many accounts wait for a commissioner.
SESSION_BY_COOKIE = text("""
    SELECT s.id AS session_id, s.user_id, u.display_name, u.email, u.role, u.state, now() AS now,
           s.last_seen_at < now() - CAST(:seen_every AS interval) AS seen_long_ago,
           CASE WHEN u.role = 'commissioner' THEN (SELECT count(*) FROM users WHERE state = 'pending') END AS waiting
    FROM auth_sessions s JOIN users u ON u.id = s.user_id
    WHERE s.cookie_hash = :cookie_hash AND s.ended_at IS NULL AND s.expires_at > now()
      AND s.last_seen_at > now() - CAST(:unused AS interval) AND u.state <> 'retired'
""")

TOUCH_SESSION = text("UPDATE auth_sessions SET last_seen_at = now() WHERE id = :session_id")

# Sessions of browsers, and those of the API that may still be continued.
SESSIONS_OF_USER = text("""
    SELECT id, host(ip) AS ip, user_agent, created_at, last_seen_at, cookie_hash IS NOT NULL AS is_browser
    FROM auth_sessions
    WHERE user_id = :user_id AND ended_at IS NULL AND expires_at > now()
      AND coalesce(last_seen_at > now() - CAST(:unused AS interval), true)
    ORDER BY coalesce(last_seen_at, created_at) DESC, id LIMIT 200
""")

END_OWN_SESSION = text("""
    UPDATE auth_sessions SET ended_at = now(), end_reason = :reason
    WHERE id = :session_id AND user_id = :user_id AND ended_at IS NULL RETURNING id
""")

# Used and expired links of a user, and those of the kind that a new one replaces.
FORGET_LINKS = text("""
    DELETE FROM one_time_links
    WHERE user_id = :user_id AND (kind = :kind OR used_at IS NOT NULL OR expires_at <= now())
""")

# A new password and retirement end every link: whoever holds one must not undo what was done.
FORGET_LINKS_OF_USER = text("DELETE FROM one_time_links WHERE user_id = :user_id")

ADD_LINK = text("""
    INSERT INTO one_time_links (token_hash, kind, user_id, made_by, expires_at)
    VALUES (:token_hash, :kind, :user_id, :made_by, now() + CAST(:lifetime AS interval))
""")

LINK_BY_TOKEN = text("""
    SELECT l.kind, l.user_id, u.email, u.display_name
    FROM one_time_links l JOIN users u ON u.id = l.user_id
    WHERE l.token_hash = :token_hash AND l.used_at IS NULL AND l.expires_at > now() AND u.state = 'active'
""")

# Of two requests with one link, the second waits for the first and then finds it used.
USE_LINK = text("""
    UPDATE one_time_links l SET used_at = now()
    FROM users u
    WHERE u.id = l.user_id AND l.token_hash = :token_hash AND l.used_at IS NULL AND l.expires_at > now()
      AND u.state = 'active'
    RETURNING l.kind, l.user_id, u.email, u.display_name
""")
