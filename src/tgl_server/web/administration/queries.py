"""The SQL of the page of people."""

from sqlalchemy import text

# Waiting accounts first, then by name; with what each holds, so that the consequences of retiring can be said.
PEOPLE = text("""
    SELECT u.id, u.email, u.display_name, u.role, u.state, u.created_at, u.password_hash IS NOT NULL AS has_password,
           (SELECT count(*) FROM projects p WHERE p.owner_id = u.id) AS owned,
           (SELECT count(*) FROM project_members m WHERE m.user_id = u.id) AS memberships,
           (SELECT count(*) FROM api_keys k WHERE k.user_id = u.id AND k.revoked_at IS NULL AND k.is_active
              AND coalesce(k.expires_at > now(), true)) AS keys,
           greatest((SELECT max(coalesce(s.last_seen_at, s.created_at)) FROM auth_sessions s WHERE s.user_id = u.id),
                    (SELECT max(k.last_used_at) FROM api_keys k WHERE k.user_id = u.id)) AS seen_at
    FROM users u
    WHERE (CAST(:user_id AS uuid) IS NULL OR u.id = :user_id)
      AND (CAST(:state AS text) IS NULL OR u.state = :state)
      AND (CAST(:role AS text) IS NULL OR u.role = :role)
      AND (CAST(:text AS text) = '' OR strpos(lower(u.email || ' ' || u.display_name), lower(:text)) > 0)
    ORDER BY u.state <> 'pending', u.state = 'retired', lower(u.display_name), u.id
    LIMIT :limit OFFSET :offset
""")

COUNTS = text("SELECT state, count(*) AS n FROM users GROUP BY state")

# The names of whatever has one of these ids.
NAMES = text("""
    WITH wanted AS (SELECT unnest(CAST(:ids AS uuid[])) AS id)
    SELECT id, display_name AS name FROM users JOIN wanted USING (id)
    UNION ALL SELECT id, name FROM api_keys JOIN wanted USING (id)
    UNION ALL SELECT id, name FROM projects JOIN wanted USING (id)
    UNION ALL SELECT id, name FROM repos JOIN wanted USING (id)
""")
