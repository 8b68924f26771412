"""What people chose to be told of, what they are to be told next, and how far the events were read for that."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

KINDS = "'repo_failing', 'repo_stale', 'key_expiring', 'account_pending', 'account_changed'"

UPGRADE = (
    f"""
    CREATE TABLE notification_choices (
        user_id UUID NOT NULL,
        kind TEXT NOT NULL,
        wanted BOOLEAN NOT NULL,
        CONSTRAINT pk_notification_choices PRIMARY KEY (user_id, kind),
        CONSTRAINT ck_notification_choices_kind CHECK (kind IN ({KINDS})),
        CONSTRAINT fk_notification_choices_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    f"""
    CREATE TABLE project_notification_choices (
        user_id UUID NOT NULL,
        project_id UUID NOT NULL,
        kind TEXT NOT NULL,
        wanted BOOLEAN NOT NULL,
        CONSTRAINT pk_project_notification_choices PRIMARY KEY (user_id, project_id, kind),
        CONSTRAINT ck_project_notification_choices_kind CHECK (kind IN ({KINDS})),
        CONSTRAINT fk_project_notification_choices_user_id
            FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_project_notification_choices_project_id
            FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_project_notification_choices_project_id ON project_notification_choices (project_id)",
    """
    CREATE TABLE notices (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        topic TEXT NOT NULL,
        event_id UUID NOT NULL,
        type TEXT NOT NULL,
        project_id UUID,
        repo_id UUID,
        about_user_id UUID,
        data JSONB DEFAULT '{}'::jsonb NOT NULL,
        at TIMESTAMPTZ NOT NULL,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_notices PRIMARY KEY (id),
        CONSTRAINT uq_notices_user_id_event_id UNIQUE (user_id, event_id),
        CONSTRAINT ck_notices_topic CHECK (topic IN ('repos', 'keys', 'people', 'account')),
        CONSTRAINT fk_notices_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_notices_user_id_topic_created_at ON notices (user_id, topic, created_at)",
    # Nobody is told of what happened before.
    """
    INSERT INTO event_marks (reader, seq) SELECT 'notifications', seq FROM event_marks WHERE reader = 'relay'
    """,
)

DOWNGRADE = (
    "DELETE FROM event_marks WHERE reader = 'notifications'",
    "DROP TABLE notices",
    "DROP TABLE project_notification_choices",
    "DROP TABLE notification_choices",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
