"""The SQL of the keys' pages: one statement for all rows of a page, however many there are."""

from sqlalchemy import text

#: Of `api_keys k` with its `successor`.
KEY_COLUMNS = """
    k.id, k.name, k.prefix, k.scopes, k.is_active, k.created_at, k.expires_at, k.revoked_at, k.rotated_to,
    successor.prefix AS successor_prefix, k.repo_ids, CAST(k.networks AS text[]) AS networks, k.last_used_at,
    host(k.last_used_ip) AS last_used_ip, k.last_user_agent, k.usage_count, now() AS now
"""

# The ones that soon expire come first, unless another has replaced them; then those that were used last. With the days
# of the last thirty on which they were used, or refused.
KEYS = text(f"""
    SELECT {KEY_COLUMNS}, lately.days, lately.uses, lately.refused
    FROM api_keys k LEFT JOIN api_keys successor ON successor.id = k.rotated_to
    LEFT JOIN LATERAL (
        SELECT array_agg(d.day) AS days, array_agg(d.uses) AS uses, CAST(sum(d.refused) AS bigint) AS refused
        FROM (SELECT CAST(now() AT TIME ZONE 'UTC' AS date) AS today) t
        JOIN api_key_days d ON d.key_id = k.id AND d.day BETWEEN t.today - 29 AND t.today
    ) lately ON true
    WHERE k.user_id = :user_id
      AND (:all OR (k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())))
    ORDER BY k.revoked_at IS NULL AND k.rotated_to IS NULL
                 AND k.expires_at > now() AND k.expires_at <= now() + CAST(:soon AS interval) DESC NULLS LAST,
             k.last_used_at DESC NULLS LAST, k.id DESC
    LIMIT :limit OFFSET :offset
""")  # noqa: S608 -- the columns are ours

COUNTS = text("""
    SELECT count(*) AS every,
           count(*) FILTER (WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) AS usable
    FROM api_keys WHERE user_id = :user_id
""")

# The names of the repositories that the key is restricted to, as far as its owner still sees these.
KEY = text(f"""
    SELECT {KEY_COLUMNS}, reach.repos
    FROM api_keys k LEFT JOIN api_keys successor ON successor.id = k.rotated_to
    LEFT JOIN LATERAL (
        SELECT array_agg(ARRAY[p.slug, r.name] ORDER BY p.slug, r.name) AS repos
        FROM repos r JOIN projects p ON p.id = r.project_id
        LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
        WHERE r.id = ANY(k.repo_ids) AND (p.owner_id = :user_id OR m.role IS NOT NULL OR :sees_all)
    ) reach ON true
    WHERE k.user_id = :user_id AND k.id = :key_id
""")  # noqa: S608 -- the columns are ours

# Every repository that the caller sees, to choose from.
REPOS = text("""
    SELECT r.id, r.name, p.slug, p.name AS project_name
    FROM repos r JOIN projects p ON p.id = r.project_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE p.owner_id = :user_id OR m.role IS NOT NULL OR :sees_all
    ORDER BY p.name, p.slug, r.name
    LIMIT :limit
""")

# A key that somebody tries in vain for months fills the log, so what is looked through has a bound; the newest of both
# kinds are shown.
EVENTS = text("""
    SELECT * FROM (
        SELECT recent.*, row_number() OVER (PARTITION BY outcome ORDER BY at DESC, id DESC) AS place
        FROM (
            SELECT id, at, action, outcome, actor_user_id, host(ip) AS ip, user_agent, details
            FROM audit_logs WHERE resource_type = 'api_key' AND resource_id = :key_id
            ORDER BY at DESC LIMIT :most
        ) recent
    ) numbered
    WHERE place <= :shown ORDER BY at DESC, id DESC
""")
