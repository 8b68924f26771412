"""The SQL behind a project's and a repository's address."""

from sqlalchemy import text

# One of `*_id` and the name is null; both columns have a unique index.
REPO_BY_ADDRESS = text("""
    SELECT r.id, r.sync_method, p.owner_id, m.role AS member_role
    FROM projects p
    JOIN repos r ON r.project_id = p.id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE (p.id = :project_id OR p.slug = :project_slug) AND (r.id = :repo_id OR r.name = :repo_name)
""")
