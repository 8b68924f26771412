"""The SQL that finds a commit by the beginning of its sha, and what is known of a repository that does not have it."""

from sqlalchemy import text

# Commits between two shas in the repositories that the caller may read, one look into the key of each. Only for the
# repository in question, if there is one: who pushed, if a single one of the runs begun before was open when the commit
# arrived.
FOUND = text("""
    SELECT p.slug AS project, r.name AS repo, r.id IS NOT DISTINCT FROM CAST(:repo_id AS uuid) AS is_here, c.sha,
           c.message_title, c.author_name, c.author_email, c.commit_date, c.ingested_at, push.person AS pushed_by
    FROM repos r
    JOIN projects p ON p.id = r.project_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    CROSS JOIN LATERAL (
        SELECT * FROM commits
        WHERE repo_id = r.id AND sha BETWEEN CAST(:first AS bytea) AND CAST(:last AS bytea)
        ORDER BY sha LIMIT :limit
    ) c
    LEFT JOIN LATERAL (
        SELECT CASE WHEN count(*) = 1 THEN min(u.display_name) END AS person
        FROM (
            SELECT user_id, last_batch_at FROM sync_runs
            WHERE repo_id = r.id AND started_at <= c.ingested_at
            ORDER BY started_at DESC LIMIT 20
        ) run
        LEFT JOIN users u ON u.id = run.user_id
        WHERE run.last_batch_at >= c.ingested_at
    ) push ON r.id = :repo_id
    WHERE (:is_commissioner OR p.owner_id = :user_id OR m.role IS NOT NULL)
      AND (CAST(:repo_ids AS uuid[]) IS NULL OR r.id = ANY(CAST(:repo_ids AS uuid[])))
    ORDER BY r.id = :repo_id DESC, p.slug, r.name, c.sha LIMIT :limit
""")

# The last refusals in each repository that the caller may read, one look into the index of each.
REFUSALS_ANYWHERE = text("""
    SELECT p.slug AS project, r.name AS repo, e.*
    FROM repos r
    JOIN projects p ON p.id = r.project_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    CROSS JOIN LATERAL (
        SELECT e.run_id, s.last_batch_at AS refused_at, e.sha, e.field, e.message
        FROM sync_run_errors e JOIN sync_runs s ON s.repo_id = e.repo_id AND s.id = e.run_id
        WHERE e.repo_id = r.id AND e.sha >= :prefix AND e.sha < :prefix || 'g'
        ORDER BY s.last_batch_at DESC, e.n LIMIT 5
    ) e
    WHERE :is_commissioner OR p.owner_id = :user_id OR m.role IS NOT NULL
    ORDER BY e.refused_at DESC, p.slug, r.name LIMIT :limit
""")

# The index on shas as they were sent is in the collation "C", so a beginning is a range in it.
REFUSALS = text("""
    SELECT e.run_id, r.last_batch_at AS refused_at, e.sha, e.field, e.message
    FROM sync_run_errors e JOIN sync_runs r ON r.repo_id = e.repo_id AND r.id = e.run_id
    WHERE e.repo_id = :repo_id AND e.sha >= :prefix AND e.sha < :prefix || 'g'
    ORDER BY r.last_batch_at DESC, e.n LIMIT 5
""")

EVIDENCE = text("""
    SELECT (SELECT sync_method FROM repos WHERE id = s.repo_id),
           s.sync_status, s.error_message, s.last_attempt_at, s.last_success_at, s.last_error_at, s.last_error,
           now() AS now, (SELECT count(*) FROM repo_refs WHERE repo_id = s.repo_id) AS branches,
           (
               SELECT array_agg(ROW(tip.name, tip.sha, tip.updated_at) ORDER BY tip.updated_at DESC, tip.name)
               FROM (
                   SELECT name, sha, updated_at FROM repo_refs WHERE repo_id = s.repo_id
                   ORDER BY updated_at DESC, name LIMIT 5
               ) tip
           ) AS tips
    FROM repo_states s WHERE s.repo_id = :repo_id
""")
