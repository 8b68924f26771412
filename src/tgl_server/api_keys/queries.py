"""The SQL of API keys that reads other tables."""

from sqlalchemy import text

# Which of these repositories the user may read, as `projects.access` has it.
READABLE_REPOS = text("""
    SELECT r.id
    FROM repos r JOIN projects p ON p.id = r.project_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE r.id = ANY(CAST(:repo_ids AS uuid[])) AND (p.owner_id = :user_id OR m.role IS NOT NULL OR :sees_all)
""")
