"""The SQL of the queue of mails."""

from sqlalchemy import text

ADD = text("""
    INSERT INTO outgoing_mail (id, user_id, kind, sealed, expires_at)
    VALUES (:id, :user_id, :kind, :sealed, now() + CAST(:lifetime AS interval))
""")

# One at a time, for as long as its sending may take: whoever takes it is the only one who sends it.
CLAIM = text("""
    UPDATE outgoing_mail m SET
        lease_token = :token, lease_until = now() + CAST(:lease AS interval), attempts = m.attempts + 1
    FROM users u
    WHERE u.id = m.user_id AND m.id = (
        SELECT id FROM outgoing_mail
        WHERE state = 'queued' AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING m.id, m.lease_token, m.kind, m.sealed, m.attempts, m.created_at, u.email,
        m.expires_at <= now() OR u.state = 'retired' AS is_late
""")

# What it said is deleted with its end.
FINISH = text("""
    UPDATE outgoing_mail
    SET state = :state, last_error = :error, done_at = now(), sealed = NULL, lease_token = NULL, lease_until = NULL
    WHERE id = :id AND lease_token = :token
""")

PUT_BACK = text("""
    UPDATE outgoing_mail
    SET due_at = now() + CAST(:pause AS interval), last_error = :error, lease_token = NULL, lease_until = NULL
    WHERE id = :id AND lease_token = :token
""")

FORGET = text("""
    DELETE FROM outgoing_mail WHERE id IN (
        SELECT id FROM outgoing_mail WHERE state <> 'queued' AND done_at < now() - CAST(:kept AS interval) LIMIT :limit
    )
""")

# Mails of a kind that somebody got lately: the number in a day, and whether the newest is younger than `pause`.
LATELY = text("""
    SELECT count(*) AS number, coalesce(max(created_at) > now() - CAST(:pause AS interval), false) AS is_recent
    FROM outgoing_mail WHERE user_id = :user_id AND kind = :kind AND created_at > now() - interval '1 day'
""")

WAITING = text("""
    SELECT count(*) AS number, extract(epoch FROM now() - min(created_at))::float AS seconds,
        (array_agg(last_error ORDER BY due_at DESC) FILTER (WHERE last_error IS NOT NULL))[1] AS last_error
    FROM outgoing_mail WHERE state = 'queued'
""")
