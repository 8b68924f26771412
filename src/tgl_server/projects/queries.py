"""The SQL of projects, members and repositories: listing them for a caller, and deleting them."""

from sqlalchemy import text

from tgl_server.access.queries import IS_SEEN


def abandoned(last_sign: str) -> str:
    """A condition on a column: its time is further from now than `:run_timeout`, in the past or the future.

    `tgl_server.projects.freshness.is_abandoned` is the same rule in Python.
    """
    run_timeout = "CAST(:run_timeout AS interval)"
    return f"{last_sign} NOT BETWEEN now() - {run_timeout} AND now() + {run_timeout}"


# What is said of an interrupted repository, by its method.
INTERRUPTION = """
    CASE WHEN EXISTS (SELECT FROM repos m WHERE m.id = repo_id AND m.sync_method = 'pull_celery')
         THEN CAST(:pull_message AS text) ELSE CAST(:message AS text) END
"""

# A repository's status at this moment, by the rule of `tgl_server.projects.freshness.current_status`.
STATUS_NOW = f"""
    CASE WHEN s.sync_status = 'syncing' AND {abandoned("s.last_attempt_at")} THEN 'error' ELSE s.sync_status END
"""

# True for a stale repository, by the rule of `tgl_server.projects.freshness.is_stale`.
IS_STALE = """
    coalesce(coalesce(s.last_success_at, '-infinity') < now() - coalesce(r.expected_cadence, s.learned_cadence), false)
"""

# The projects that a caller sees, in pages by slug; with `project_id` only that one. Without `all`
# those that the caller may push to.
PROJECTS = text(f"""
    SELECT p.id, p.slug, p.name, p.description, p.owner_id, p.created_at,
           CASE WHEN :sees_people THEN u.display_name END AS owner_name,
           CASE WHEN p.owner_id = :user_id THEN 'owner' ELSE m.role END AS role, r.repo_count, r.total_commits
    FROM projects p
    JOIN users u ON u.id = p.owner_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS repo_count, CAST(coalesce(sum(s.total_commits), 0) AS bigint) AS total_commits
        FROM repos r JOIN repo_states s ON s.repo_id = r.id
        WHERE r.project_id = p.id AND (CAST(:repo_ids AS uuid[]) IS NULL OR r.id = ANY(CAST(:repo_ids AS uuid[])))
    ) r
    WHERE (CAST(:project_id AS uuid) IS NULL OR p.id = :project_id)
      AND {IS_SEEN}
      AND (CAST(:repo_ids AS uuid[]) IS NULL OR r.repo_count > 0)
      AND (CAST(:after AS text) IS NULL OR p.slug > :after)
    ORDER BY p.slug LIMIT :limit
""")  # noqa: S608 -- a constant of ours

# The number of projects that a caller sees.
COUNT_PROJECTS = text(f"""
    SELECT count(*)
    FROM projects p LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE {IS_SEEN}
      AND (CAST(:repo_ids AS uuid[]) IS NULL OR EXISTS (
               SELECT FROM repos r WHERE r.project_id = p.id AND r.id = ANY(CAST(:repo_ids AS uuid[]))
           ))
""")  # noqa: S608 -- a constant of ours

COUNT_MEMBERS = text("SELECT count(*) FROM project_members WHERE project_id = :project_id")

# A project's members in pages by user; with `user_id` only that one.
MEMBERS = text("""
    SELECT m.user_id, m.role, m.created_at, u.display_name, u.email, u.state = 'active' AS is_active
    FROM project_members m JOIN users u ON u.id = m.user_id
    WHERE m.project_id = :project_id
      AND (CAST(:user_id AS uuid) IS NULL OR m.user_id = :user_id)
      AND (CAST(:after AS uuid) IS NULL OR m.user_id > :after)
    ORDER BY m.user_id LIMIT :limit
""")

REPO = text("SELECT r.*, s.*, now() AS now FROM repos r JOIN repo_states s ON s.repo_id = r.id WHERE r.id = :repo_id")

# The repositories of a project that a caller sees and asks for.
_REPOS_OF_PROJECT = f"""
    FROM repos r JOIN repo_states s ON s.repo_id = r.id
    WHERE r.project_id = :project_id
      AND (CAST(:repo_ids AS uuid[]) IS NULL OR r.id = ANY(CAST(:repo_ids AS uuid[])))
      AND (CAST(:status AS text) IS NULL OR {STATUS_NOW} = :status)
      AND (CAST(:stale AS boolean) IS NULL OR {IS_STALE} = :stale)
      AND (CAST(:sync_method AS text) IS NULL OR r.sync_method = :sync_method)
"""

# In pages by name.
REPOS = text(f"""
    SELECT r.*, s.*, now() AS now {_REPOS_OF_PROJECT}
      AND (CAST(:after AS text) IS NULL OR r.name > :after)
    ORDER BY r.name LIMIT :limit
""")

COUNT_REPOS = text(f"SELECT count(*) {_REPOS_OF_PROJECT}")

# Locked before their contents are deleted, so that of two deletions the second finds nothing. In one order.
LOCK_REPO_TO_DELETE = text("SELECT project_id, name FROM repos WHERE id = :repo_id FOR UPDATE")

LOCK_REPOS_OF_PROJECT = text("SELECT id, name FROM repos WHERE project_id = :project_id ORDER BY id FOR UPDATE")

# Before the contents: a worker that holds the row of its pull may wait for the repository's state.
DELETE_PULLS = text("DELETE FROM repo_pulls WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

DELETE_REPO = text("DELETE FROM repos WHERE id = :repo_id")

# Its repositories and members are deleted with it, by their foreign keys.
DELETE_PROJECT = text("DELETE FROM projects WHERE id = :project_id")
