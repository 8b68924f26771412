"""Endpoints: where a project's events are sent to, with sealed secrets, and the messages with their last answers."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE endpoints (
        id UUID NOT NULL,
        project_id UUID NOT NULL,
        url TEXT NOT NULL,
        types TEXT[],
        is_active BOOLEAN DEFAULT true NOT NULL,
        switched_off_reason TEXT,
        not_before TIMESTAMPTZ,
        sealed TEXT NOT NULL,
        old_sealed TEXT,
        old_until TIMESTAMPTZ,
        rotated_at TIMESTAMPTZ,
        active_since TIMESTAMPTZ DEFAULT now() NOT NULL,
        created_by UUID,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_endpoints PRIMARY KEY (id),
        CONSTRAINT fk_endpoints_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_endpoints_project_id ON endpoints (project_id)",
    """
    CREATE TABLE endpoint_deliveries (
        id UUID NOT NULL,
        n BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
        endpoint_id UUID NOT NULL,
        message_id UUID NOT NULL,
        type TEXT NOT NULL,
        repo_id UUID,
        body TEXT NOT NULL,
        state TEXT DEFAULT 'pending' NOT NULL,
        attempts INTEGER DEFAULT 0 NOT NULL,
        next_attempt_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        lease_token UUID,
        lease_until TIMESTAMPTZ,
        last_attempt_at TIMESTAMPTZ,
        last_status INTEGER,
        last_error TEXT,
        last_answer TEXT,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_endpoint_deliveries PRIMARY KEY (id),
        CONSTRAINT ck_endpoint_deliveries_state CHECK (state IN ('pending', 'delivered', 'failed')),
        CONSTRAINT fk_endpoint_deliveries_endpoint_id FOREIGN KEY(endpoint_id)
            REFERENCES endpoints (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_endpoint_deliveries_endpoint_id_n ON endpoint_deliveries (endpoint_id, n)",
    """
    CREATE INDEX ix_endpoint_deliveries_pending ON endpoint_deliveries (endpoint_id, repo_id, n)
        WHERE state = 'pending'
    """,
    "CREATE INDEX ix_endpoint_deliveries_failed ON endpoint_deliveries (endpoint_id) WHERE state = 'failed'",
    "CREATE INDEX ix_endpoint_deliveries_created_at ON endpoint_deliveries (created_at)",
    "INSERT INTO event_marks (reader, seq) SELECT 'endpoints', seq FROM event_marks WHERE reader = 'relay'",
)

DOWNGRADE = (
    "DELETE FROM event_marks WHERE reader = 'endpoints'",
    "DROP TABLE endpoint_deliveries",
    "DROP TABLE endpoints",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
