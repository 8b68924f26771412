"""Webhooks of forges: their sealed secrets, what arrived, and what came of it.

Requests for pulls keep apart; for a repository that clients push to, the remote's tips are noted.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

CAUSES = "'schedule', 'request', 'webhook'"
CAUSES_BEFORE = "'schedule', 'request'"
KINDS = (
    "'github', 'gitlab', 'gitlab_token', 'gitea', 'forgejo', 'bitbucket_cloud', 'bitbucket_data_center', "
    "'azure_devops', 'generic'"
)
OUTCOMES = (
    "'pull_requested', 'remote_ahead', 'nothing_new', 'pong', 'other_event', 'duplicate', 'other_repository', "
    "'no_remote', 'paused', 'unreadable', 'refused'"
)

UPGRADE = (
    f"""
    ALTER TABLE repo_pulls
        ADD COLUMN requested_cause TEXT,
        ADD COLUMN began_at TIMESTAMPTZ,
        DROP CONSTRAINT ck_repo_pulls_cause,
        ADD CONSTRAINT ck_repo_pulls_cause CHECK (cause IN ({CAUSES})),
        ADD CONSTRAINT ck_repo_pulls_requested_cause CHECK (requested_cause IN ({CAUSES}))
    """,
    """
    CREATE TABLE remote_tips (
        repo_id UUID NOT NULL,
        name TEXT NOT NULL,
        sha BYTEA NOT NULL,
        told_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        behind_since TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_remote_tips PRIMARY KEY (repo_id, name),
        CONSTRAINT fk_remote_tips_repo_id FOREIGN KEY(repo_id) REFERENCES repos (id) ON DELETE CASCADE
    )
    """,
    f"""
    CREATE TABLE webhooks (
        id UUID NOT NULL,
        repo_id UUID NOT NULL,
        kind TEXT NOT NULL,
        sealed TEXT NOT NULL,
        old_sealed TEXT,
        old_until TIMESTAMPTZ,
        rotated_at TIMESTAMPTZ,
        created_by UUID,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_webhooks PRIMARY KEY (id),
        CONSTRAINT ck_webhooks_kind CHECK (kind IN ({KINDS})),
        CONSTRAINT fk_webhooks_repo_id FOREIGN KEY(repo_id) REFERENCES repos (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_webhooks_repo_id ON webhooks (repo_id)",
    """
    CREATE TABLE webhook_seen (
        hook_id UUID NOT NULL,
        hash BYTEA NOT NULL,
        seen_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_webhook_seen PRIMARY KEY (hook_id, hash),
        CONSTRAINT fk_webhook_seen_hook_id FOREIGN KEY(hook_id) REFERENCES webhooks (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_webhook_seen_seen_at ON webhook_seen (seen_at)",
    f"""
    CREATE TABLE webhook_deliveries (
        id UUID NOT NULL,
        hook_id UUID NOT NULL,
        received_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        delivery_id TEXT,
        event TEXT,
        outcome TEXT NOT NULL,
        reason TEXT,
        status INTEGER NOT NULL,
        run_id UUID,
        CONSTRAINT pk_webhook_deliveries PRIMARY KEY (id),
        CONSTRAINT ck_webhook_deliveries_outcome CHECK (outcome IN ({OUTCOMES})),
        CONSTRAINT fk_webhook_deliveries_hook_id FOREIGN KEY(hook_id) REFERENCES webhooks (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_webhook_deliveries_hook_id_id ON webhook_deliveries (hook_id, id)",
    "CREATE INDEX ix_webhook_deliveries_received_at ON webhook_deliveries (received_at)",
)

DOWNGRADE = (
    "DROP TABLE webhook_deliveries",
    "DROP TABLE webhook_seen",
    "DROP TABLE webhooks",
    "DROP TABLE remote_tips",
    "UPDATE repo_pulls SET cause = 'request' WHERE cause = 'webhook'",
    f"""
    ALTER TABLE repo_pulls
        DROP COLUMN requested_cause,
        DROP COLUMN began_at,
        DROP CONSTRAINT ck_repo_pulls_cause,
        ADD CONSTRAINT ck_repo_pulls_cause CHECK (cause IN ({CAUSES_BEFORE}))
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
