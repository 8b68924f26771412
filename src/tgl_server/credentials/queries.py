"""The SQL of credentials and host keys."""

from sqlalchemy import text

# Locked against a change of the address, for which the credentials are stored.
LOCK_REMOTE = text("SELECT git_url FROM repos WHERE id = :repo_id FOR NO KEY UPDATE")

REMOTE = text("SELECT git_url FROM repos WHERE id = :repo_id")

SET = text("""
    INSERT INTO repo_credentials (repo_id, kind, username, origin, address, sealed, public_key, set_by)
    VALUES (:repo_id, :kind, :username, :origin, :address, :sealed, :public_key, :set_by)
    ON CONFLICT (repo_id) DO UPDATE
    SET kind = excluded.kind, username = excluded.username, origin = excluded.origin, address = excluded.address,
        sealed = excluded.sealed, public_key = excluded.public_key, set_at = now(),
        set_by = excluded.set_by, last_used_at = NULL, last_refused_at = NULL
""")

STORED = text("""
    SELECT c.*, r.git_url FROM repos r JOIN repo_credentials c ON c.repo_id = r.id WHERE r.id = :repo_id
""")

DELETE = text("DELETE FROM repo_credentials WHERE repo_id = :repo_id")

HOST_KEYS = text("""
    SELECT public_key, confirmed_at, confirmed_by FROM repo_host_keys
    WHERE repo_id = :repo_id AND origin = :origin ORDER BY public_key
""")

FORGET_HOST_KEYS = text("""
    DELETE FROM repo_host_keys WHERE repo_id = :repo_id AND public_key <> ALL(CAST(:kept AS text[]))
""")

CONFIRM_HOST_KEYS = text("""
    INSERT INTO repo_host_keys (repo_id, origin, public_key, confirmed_by)
    SELECT :repo_id, :origin, public_key, :confirmed_by FROM unnest(CAST(:public_keys AS text[])) given (public_key)
    ON CONFLICT DO NOTHING
""")

# A pull uses credentials every few minutes, so only the last time is kept.
NOTE_USED = text("UPDATE repo_credentials SET last_used_at = now() WHERE repo_id = :repo_id")
NOTE_REFUSED = text("UPDATE repo_credentials SET last_refused_at = now() WHERE repo_id = :repo_id")
