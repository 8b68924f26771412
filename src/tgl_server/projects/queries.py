"""The SQL of projects: finding them by address, listing them for a caller, and taking them away."""

from sqlalchemy import text

# One of `*_id` and the name is null; both columns have a unique index.
REPO_BY_ADDRESS = text("""
    SELECT r.id, r.sync_method, p.owner_id, m.role AS member_role
    FROM projects p
    JOIN repos r ON r.project_id = p.id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE (p.id = :project_id OR p.slug = :project_slug) AND (r.id = :repo_id OR r.name = :repo_name)
""")

# A key that is restricted to repositories reaches their projects only.
PROJECT_BY_ADDRESS = text("""
    SELECT p.id, p.owner_id, m.role AS member_role,
           CAST(:repo_ids AS uuid[]) IS NULL OR EXISTS (
               SELECT FROM repos r WHERE r.project_id = p.id AND r.id = ANY(CAST(:repo_ids AS uuid[]))
           ) AS is_in_reach
    FROM projects p
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE p.id = :project_id OR p.slug = :project_slug
""")

ROLE_OF_USER = text("SELECT role FROM users WHERE id = :user_id")

# What a caller sees, in pages by slug; with `project_id` that project alone.
PROJECTS = text("""
    SELECT p.id, p.slug, p.name, p.description, p.owner_id, u.display_name AS owner_name, p.created_at,
           CASE WHEN p.owner_id = :user_id THEN 'owner' ELSE m.role END AS role, r.repo_count, r.total_commits
    FROM projects p
    JOIN users u ON u.id = p.owner_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS repo_count, CAST(coalesce(sum(r.total_commits), 0) AS bigint) AS total_commits
        FROM repos r
        WHERE r.project_id = p.id AND (CAST(:repo_ids AS uuid[]) IS NULL OR r.id = ANY(CAST(:repo_ids AS uuid[])))
    ) r
    WHERE (CAST(:project_id AS uuid) IS NULL OR p.id = :project_id)
      AND (:is_commissioner OR p.owner_id = :user_id OR m.role IS NOT NULL)
      AND (CAST(:repo_ids AS uuid[]) IS NULL OR r.repo_count > 0)
      AND (CAST(:after AS text) IS NULL OR p.slug > :after)
    ORDER BY p.slug LIMIT :limit
""")

# In pages by user; with `user_id` that member alone.
MEMBERS = text("""
    SELECT m.user_id, m.role, m.created_at, u.display_name, u.email, u.state = 'active' AS is_active
    FROM project_members m JOIN users u ON u.id = m.user_id
    WHERE m.project_id = :project_id
      AND (CAST(:user_id AS uuid) IS NULL OR m.user_id = :user_id)
      AND (CAST(:after AS uuid) IS NULL OR m.user_id > :after)
    ORDER BY m.user_id LIMIT :limit
""")

# A project's repositories in pages by name; with `repo_id` that repository alone.
REPOS = text("""
    SELECT r.*, now() AS now
    FROM repos r
    WHERE (CAST(:project_id AS uuid) IS NULL OR r.project_id = :project_id)
      AND (CAST(:repo_id AS uuid) IS NULL OR r.id = :repo_id)
      AND (CAST(:repo_ids AS uuid[]) IS NULL OR r.id = ANY(CAST(:repo_ids AS uuid[])))
      AND (CAST(:after AS text) IS NULL OR r.name > :after)
    ORDER BY r.name LIMIT :limit
""")

# Locked before anything is taken away: a push updates its repository's row last, waits here, then finds it gone and
# is rolled back, so it cannot leave commits behind. In one order, as two may be deleting.
LOCK_REPO_TO_DELETE = text("SELECT project_id, name FROM repos WHERE id = :repo_id FOR UPDATE")

LOCK_REPOS_OF_PROJECT = text("SELECT id, name FROM repos WHERE project_id = :project_id ORDER BY id FOR UPDATE")

DELETE_REPO = text("DELETE FROM repos WHERE id = :repo_id")

# The repositories and members go with it, by their foreign keys.
DELETE_PROJECT = text("DELETE FROM projects WHERE id = :project_id")
