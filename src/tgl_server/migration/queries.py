"""The SQL of moving repositories between sync methods."""

from sqlalchemy import text

# What a switch meets. The runs are those that it would end: of the worker, or of a client.
STANDING = text("""
    SELECT r.id AS repo_id, p.slug AS project, r.name, r.sync_method, r.git_url, q.cron,
           EXISTS (SELECT FROM repo_credentials c WHERE c.repo_id = r.id) AS has_credentials,
           array_remove(ARRAY[q.run_id, q.requested_run_id], NULL) AS pulls,
           ARRAY(SELECT s.id FROM sync_runs s
                 WHERE s.repo_id = r.id AND s.state = 'running' AND s.source = 'push' ORDER BY s.id) AS pushes
    FROM repos r JOIN projects p ON p.id = r.project_id LEFT JOIN repo_pulls q ON q.repo_id = r.id
    WHERE r.id = :repo_id
""")

# The counts for each method, of the repositories that a caller sees.
COUNTS = text("""
    SELECT p.slug AS project, count(*) FILTER (WHERE r.sync_method = 'pull_celery') AS pull_celery,
           count(*) FILTER (WHERE r.sync_method = 'push_client') AS push_client,
           count(*) FILTER (WHERE r.sync_method = 'push_client' AND c.repo_id IS NOT NULL) AS with_credentials
    FROM projects p JOIN repos r ON r.project_id = p.id LEFT JOIN repo_credentials c ON c.repo_id = r.id
    WHERE (CAST(:project_id AS uuid) IS NULL OR p.id = :project_id)
      AND (CAST(:repo_ids AS uuid[]) IS NULL OR r.id = ANY(CAST(:repo_ids AS uuid[])))
    GROUP BY p.slug ORDER BY p.slug
""")

# The repositories that somebody chose: all, those of a project, or those that are named by id, name or project/name.
CHOSEN = text("""
    SELECT r.id, r.name, p.slug AS project, r.sync_method,
           coalesce(s.last_success_at > now() - CAST(:inactive AS interval), false) AS is_active
    FROM repos r JOIN projects p ON p.id = r.project_id JOIN repo_states s ON s.repo_id = r.id
    WHERE (CAST(:project AS text) IS NULL OR p.slug = :project)
      AND (CAST(:names AS text[]) IS NULL OR CAST(r.id AS text) = ANY(CAST(:names AS text[]))
           OR r.name = ANY(CAST(:names AS text[])) OR p.slug || '/' || r.name = ANY(CAST(:names AS text[])))
    ORDER BY p.slug, r.name
""")

# Stored commits after a sha, in the order of the primary key.
STORED = text("""
    SELECT * FROM commits WHERE repo_id = :repo_id AND sha > :after ORDER BY sha LIMIT :limit
""")

STORED_OF = text("SELECT * FROM commits WHERE repo_id = :repo_id AND sha = ANY(CAST(:shas AS bytea[]))")

TOTAL = text("SELECT total_commits FROM repo_states WHERE repo_id = :repo_id")
