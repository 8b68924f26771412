"""The SQL of the guards: a project or repository by its address with the caller's role in it; what a caller sees."""

from sqlalchemy import text

# A condition on `projects p` with the caller's membership `m`: the caller sees it or, without `all`, may push to it.
IS_SEEN = """(
    p.owner_id = :user_id OR m.role = 'maintainer' OR (:all AND (:is_commissioner OR m.role IS NOT NULL))
)"""

# Of id and name one is null; both columns have a unique index.
REPO_BY_ADDRESS = text("""
    SELECT r.id, r.sync_method, p.slug, p.owner_id, m.role AS member_role
    FROM projects p
    JOIN repos r ON r.project_id = p.id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE (p.id = :project_id OR p.slug = :project_slug) AND (r.id = :repo_id OR r.name = :repo_name)
""")

# A key that is restricted to repositories reaches their projects only.
PROJECT_BY_ADDRESS = text("""
    SELECT p.id, p.slug, p.owner_id, m.role AS member_role,
           CAST(:repo_ids AS uuid[]) IS NULL OR EXISTS (
               SELECT FROM repos r WHERE r.project_id = p.id AND r.id = ANY(CAST(:repo_ids AS uuid[]))
           ) AS is_in_reach
    FROM projects p
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE p.id = :project_id OR p.slug = :project_slug
""")

ROLE_OF_USER = text("SELECT role FROM users WHERE id = :user_id")

# More than a refusal can name. A key that is restricted to repositories sees their projects only.
SEEN_PROJECTS = text(f"""
    SELECT p.slug
    FROM projects p
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE {IS_SEEN} AND (CAST(:repo_ids AS uuid[]) IS NULL OR EXISTS (
        SELECT FROM repos r WHERE r.project_id = p.id AND r.id = ANY(CAST(:repo_ids AS uuid[]))
    ))
    ORDER BY p.slug LIMIT 200
""")  # noqa: S608 -- a constant of ours

SEEN_REPOS = text("""
    SELECT name FROM repos
    WHERE project_id = :project_id AND (CAST(:repo_ids AS uuid[]) IS NULL OR id = ANY(CAST(:repo_ids AS uuid[])))
    ORDER BY name LIMIT 200
""")
