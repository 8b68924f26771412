"""The SQL that imports. Each row keeps its id, so that a second import finds it there, and leaves it as it is."""

from sqlalchemy import text

ADD_USER = text("""
    INSERT INTO users (id, email, display_name, role, state, email_confirmed, created_at)
    VALUES (:id, :email, :display_name, :role, :state, :state = 'active', coalesce(:created_at, now()))
    ON CONFLICT (id) DO NOTHING RETURNING id
""")

USER_OF_EMAIL = text("SELECT id FROM users WHERE lower(email) = lower(:email)")

ADD_PROJECT = text("""
    INSERT INTO projects (id, slug, name, description, owner_id, created_at)
    VALUES (:id, :slug, :name, :description, :owner_id, coalesce(:created_at, now()))
    ON CONFLICT (id) DO NOTHING RETURNING id
""")

PROJECT_OF_SLUG = text("SELECT id FROM projects WHERE slug = :slug")

ADD_REPO = text("""
    INSERT INTO repos (id, project_id, name, git_url, sync_method, default_branch, created_at)
    VALUES (:id, :project_id, :name, :git_url, :sync_method, :default_branch, coalesce(:created_at, now()))
    ON CONFLICT (id) DO NOTHING RETURNING id
""")

REPO_OF_NAME = text("SELECT id FROM repos WHERE project_id = :project_id AND name = :name")

ADD_SCHEDULE = text("""
    INSERT INTO repo_pulls (repo_id, cron, timezone, next_due_at) VALUES (:repo_id, :cron, 'UTC', :next_due_at)
    ON CONFLICT (repo_id) DO NOTHING
""")

# Credentials are for one that is pulled and has none: who has moved it since, or entered others, knows better.
WANTS_CREDENTIALS = text("""
    SELECT r.sync_method = 'pull_celery' AND NOT EXISTS (SELECT FROM repo_credentials c WHERE c.repo_id = r.id)
    FROM repos r WHERE r.id = :repo_id
""")

ADD_CLAIM = text("""
    INSERT INTO claims (id, user_id, identity_id, evidence) VALUES (:id, :user_id, :identity_id, :evidence)
    ON CONFLICT DO NOTHING RETURNING id
""")

ADD_AUDIT_ENTRIES = text("""
    INSERT INTO audit_logs (id, at, action, outcome, actor_user_id, resource_type, resource_id, ip, details)
    SELECT id, at, action, 'success', actor, resource_type, resource_id, CAST(ip AS inet), CAST(details AS jsonb)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:ats AS timestamptz[]), CAST(:actions AS text[]), CAST(:actors AS uuid[]),
                CAST(:resource_types AS text[]), CAST(:resource_ids AS text[]), CAST(:ips AS text[]),
                CAST(:details AS text[]))
         AS given (id, at, action, actor, resource_type, resource_id, ip, details)
    ON CONFLICT (id) DO NOTHING RETURNING id
""")
