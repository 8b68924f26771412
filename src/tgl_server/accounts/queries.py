"""The SQL of sessions: opening, rotating and ending them."""

from sqlalchemy import text

# The password is compared again under the lock: a password change or a retirement that was faster has won.
LOCK_FOR_LOGIN = text("""
    SELECT id FROM users WHERE id = :user_id AND password_hash = :password_hash AND state <> 'retired'
    FOR NO KEY UPDATE
""")

# Ended sessions stay until they would have expired, so that a stolen token is recognised as one of theirs.
FORGET_EXPIRED_SESSIONS = text("DELETE FROM auth_sessions WHERE user_id = :user_id AND expires_at < now()")

OPEN_SESSION = text("""
    INSERT INTO auth_sessions (id, user_id, expires_at, ip, user_agent)
    VALUES (:id, :user_id, now() + CAST(:lifetime AS interval), CAST(:ip AS inet), :user_agent)
    RETURNING expires_at
""")

ADD_REFRESH_TOKEN = text("INSERT INTO refresh_tokens (token_hash, session_id) VALUES (:token_hash, :session_id)")

# Locked: of two requests with one token the second sees that it was used.
LOCK_REFRESH_TOKEN = text("""
    SELECT t.used_at, s.id AS session_id, s.user_id, s.expires_at, s.expires_at <= now() AS has_expired,
           s.ended_at IS NOT NULL AS has_ended, u.state
    FROM refresh_tokens t JOIN auth_sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
    WHERE t.token_hash = :token_hash
    FOR UPDATE OF t
""")

USE_REFRESH_TOKEN = text("UPDATE refresh_tokens SET used_at = now() WHERE token_hash = :token_hash")

END_SESSION = text("""
    UPDATE auth_sessions SET ended_at = now(), end_reason = :reason WHERE id = :session_id AND ended_at IS NULL
""")

END_SESSIONS_OF_USER = text("""
    UPDATE auth_sessions SET ended_at = now(), end_reason = :reason
    WHERE user_id = :user_id AND ended_at IS NULL AND id IS DISTINCT FROM CAST(:kept AS uuid)
""")

RENEW_HASH = text("UPDATE users SET password_hash = :password_hash WHERE id = :user_id")
