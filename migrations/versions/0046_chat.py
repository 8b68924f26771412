"""Chats that a project's repositories tell of their state, and what they are to be told next."""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE chat_hooks (
        id UUID NOT NULL,
        project_id UUID NOT NULL,
        kind TEXT NOT NULL,
        sealed TEXT NOT NULL,
        shown TEXT NOT NULL,
        failing BOOLEAN NOT NULL,
        stale BOOLEAN NOT NULL,
        is_active BOOLEAN DEFAULT true NOT NULL,
        created_by UUID,
        due_at TIMESTAMPTZ,
        attempts INTEGER DEFAULT 0 NOT NULL,
        lease_token UUID,
        lease_until TIMESTAMPTZ,
        last_sent_at TIMESTAMPTZ,
        last_error TEXT,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_chat_hooks PRIMARY KEY (id),
        CONSTRAINT ck_chat_hooks_kind CHECK (kind IN ('slack', 'teams', 'mattermost', 'discord')),
        CONSTRAINT fk_chat_hooks_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_chat_hooks_project_id ON chat_hooks (project_id)",
    """
    CREATE TABLE chat_notices (
        id UUID NOT NULL,
        hook_id UUID NOT NULL,
        event_id UUID NOT NULL,
        type TEXT NOT NULL,
        repo_id UUID,
        data JSONB DEFAULT '{}'::jsonb NOT NULL,
        at TIMESTAMPTZ NOT NULL,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_chat_notices PRIMARY KEY (id),
        CONSTRAINT uq_chat_notices_hook_id_event_id UNIQUE (hook_id, event_id),
        CONSTRAINT fk_chat_notices_hook_id FOREIGN KEY(hook_id) REFERENCES chat_hooks (id) ON DELETE CASCADE
    )
    """,
    "INSERT INTO event_marks (reader, seq) SELECT 'chat', seq FROM event_marks WHERE reader = 'relay'",
)

DOWNGRADE = (
    "DELETE FROM event_marks WHERE reader = 'chat'",
    "DROP TABLE chat_notices",
    "DROP TABLE chat_hooks",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
