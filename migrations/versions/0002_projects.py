"""Projects, their members, and repositories."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE projects (
        id UUID NOT NULL,
        slug TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT DEFAULT '' NOT NULL,
        owner_id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_projects PRIMARY KEY (id),
        CONSTRAINT uq_projects_slug UNIQUE (slug),
        CONSTRAINT fk_projects_owner_id FOREIGN KEY(owner_id) REFERENCES users (id)
    )
    """,
    "CREATE INDEX ix_projects_owner_id ON projects (owner_id)",
    """
    CREATE TABLE project_members (
        project_id UUID NOT NULL,
        user_id UUID NOT NULL,
        role TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_project_members PRIMARY KEY (project_id, user_id),
        CONSTRAINT ck_project_members_role CHECK (role IN ('maintainer', 'member')),
        CONSTRAINT fk_project_members_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
        CONSTRAINT fk_project_members_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_project_members_user_id ON project_members (user_id)",
    """
    CREATE TABLE repos (
        id UUID NOT NULL,
        project_id UUID NOT NULL,
        name TEXT NOT NULL,
        git_url TEXT,
        sync_method TEXT NOT NULL,
        sync_status TEXT DEFAULT 'pending' NOT NULL,
        error_message TEXT,
        last_attempt_at TIMESTAMP WITH TIME ZONE,
        last_success_at TIMESTAMP WITH TIME ZONE,
        last_ingested_sha BYTEA,
        total_commits BIGINT DEFAULT 0 NOT NULL,
        expected_cadence INTERVAL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_repos PRIMARY KEY (id),
        CONSTRAINT uq_repos_project_id_name UNIQUE (project_id, name),
        CONSTRAINT ck_repos_sync_method CHECK (sync_method IN ('push_client', 'pull_celery')),
        CONSTRAINT ck_repos_sync_status CHECK (sync_status IN ('pending', 'syncing', 'healthy', 'error')),
        CONSTRAINT fk_repos_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
    ) WITH (fillfactor = 50)
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE repos")
    op.execute("DROP TABLE project_members")
    op.execute("DROP TABLE projects")
