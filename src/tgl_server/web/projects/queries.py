"""The SQL of a project's pages that the API has no use for."""

from sqlalchemy import text

from tgl_server.web.keys.queries import KEY_COLUMNS

# The owner of a project, who has no row among its members, and the number of these.
OWNER = text("""
    SELECT u.email, u.state = 'active' AS is_active,
           (SELECT count(*) FROM project_members WHERE project_id = p.id) AS members
    FROM projects p JOIN users u ON u.id = p.owner_id
    WHERE p.id = :project_id
""")

# The keys that can push to a repository of a project, paused ones too: their owners may, they are neither revoked nor
# expired, and reach one of its repositories. The last push here is looked for among the last runs of each repository.
PUSHING_KEYS = text(f"""
    SELECT {KEY_COLUMNS}, u.display_name AS owner_name, u.email AS owner_email, k.user_id = :user_id AS is_own,
           CASE WHEN k.user_id = p.owner_id THEN 'owner' ELSE m.role END AS role, pushed.at AS pushed_at,
           reach.repos AS reached
    FROM projects p
    JOIN api_keys k ON 'sync:commits' = ANY(k.scopes) AND k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true)
    JOIN users u ON u.id = k.user_id AND u.state = 'active'
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = k.user_id
    LEFT JOIN api_keys successor ON successor.id = k.rotated_to
    LEFT JOIN LATERAL (
        SELECT count(*) AS repos FROM repos r WHERE r.project_id = p.id AND r.id = ANY(k.repo_ids)
    ) reach ON true
    LEFT JOIN (
        SELECT run.api_key_id, max(run.last_batch_at) AS at
        FROM repos r CROSS JOIN LATERAL (
            SELECT api_key_id, last_batch_at FROM sync_runs WHERE repo_id = r.id ORDER BY started_at DESC LIMIT 100
        ) run
        WHERE r.project_id = :project_id GROUP BY run.api_key_id
    ) pushed ON pushed.api_key_id = k.id
    WHERE p.id = :project_id AND (k.user_id = p.owner_id OR m.role = 'maintainer')
      AND (k.repo_ids IS NULL OR reach.repos > 0)
    ORDER BY pushed.at DESC NULLS LAST, k.name, k.id LIMIT :limit OFFSET :offset
""")  # noqa: S608 -- our own columns
