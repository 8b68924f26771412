"""The SQL of the overview: one statement for all rows."""

from sqlalchemy import text

from tgl_server.pull.queries import IS_PAUSED
from tgl_server.remote_tips.queries import BEHIND_SINCE

# Every repository that the caller sees, with its project, its last ten runs (oldest first), who pushed last, and the
# commits of its last twelve weeks, without those that have none, and since when it has been behind its remote; with
# `project_id` those of a project, with `repo_id` only that one, with its pulls. The name of a key is shown by the rule
# of `tgl_server.access.sight`.
REPOS = text(f"""
    SELECT r.id, r.name, p.slug AS project, p.name AS project_name, r.git_url, r.sync_method, r.expected_cadence,
           r.created_at,
           s.sync_status, s.error_message, s.last_attempt_at, s.last_success_at, s.last_error_at, s.last_error,
           s.learned_cadence, s.total_commits, s.version, now() AS now,
           runs.states, pusher.key_name, pusher.person, trend.weeks, trend.week_commits,
           {BEHIND_SINCE} AS behind_since,
           pull.cron, pull.next_due_at, pull.is_running, pull.is_waiting, pull.is_paused
    FROM repos r
    JOIN projects p ON p.id = r.project_id
    JOIN repo_states s ON s.repo_id = r.id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    LEFT JOIN LATERAL (
        SELECT array_agg(last.state ORDER BY last.started_at) AS states
        FROM (SELECT state, started_at FROM sync_runs WHERE repo_id = r.id ORDER BY started_at DESC LIMIT 10) last
    ) runs ON true
    LEFT JOIN LATERAL (
        SELECT CASE WHEN :is_commissioner OR :user_id IN (p.owner_id, k.user_id) OR m.role = 'maintainer'
                    THEN k.name END AS key_name,
               u.display_name AS person
        FROM (SELECT user_id, api_key_id FROM sync_runs WHERE repo_id = r.id ORDER BY started_at DESC LIMIT 1) last
        LEFT JOIN api_keys k ON k.id = last.api_key_id
        LEFT JOIN users u ON u.id = last.user_id
    ) pusher ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(w.week) AS weeks, array_agg(w.commits) AS week_commits
        FROM (SELECT CAST(date_trunc('week', now() AT TIME ZONE 'UTC') AS date) AS monday) this
        JOIN repo_weeks w ON w.repo_id = r.id AND w.week BETWEEN this.monday - 77 AND this.monday
    ) trend ON true
    LEFT JOIN LATERAL (
        SELECT p.cron, p.next_due_at, coalesce(p.lease_until >= now(), false) AS is_running,
               p.requested_run_id IS NOT NULL AS is_waiting, {IS_PAUSED} AS is_paused
        FROM repo_pulls p WHERE p.repo_id = CAST(:repo_id AS uuid) AND p.repo_id = r.id
    ) pull ON true
    WHERE (:is_commissioner OR p.owner_id = :user_id OR m.role IS NOT NULL)
      AND (CAST(:project_id AS uuid) IS NULL OR p.id = :project_id)
      AND (CAST(:repo_id AS uuid) IS NULL OR r.id = :repo_id)
    ORDER BY p.slug, r.name
    LIMIT :limit
""")  # noqa: S608 -- our own text
