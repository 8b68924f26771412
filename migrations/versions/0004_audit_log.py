"""The audit log, and the trigger that keeps it append-only."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE audit_logs (
        id UUID NOT NULL,
        at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        action TEXT NOT NULL,
        outcome TEXT NOT NULL,
        actor_user_id UUID,
        actor_key_id UUID,
        resource_type TEXT,
        resource_id TEXT,
        ip INET,
        user_agent TEXT,
        request_id TEXT,
        details JSONB DEFAULT '{}'::jsonb NOT NULL,
        CONSTRAINT pk_audit_logs PRIMARY KEY (id)
    )
    """,
    "CREATE INDEX ix_audit_logs_action_at ON audit_logs (action, at)",
    "CREATE INDEX ix_audit_logs_actor_user_id_at ON audit_logs (actor_user_id, at)",
    "CREATE INDEX ix_audit_logs_at_id ON audit_logs (at, id)",
    "CREATE INDEX ix_audit_logs_resource_type_resource_id_at ON audit_logs (resource_type, resource_id, at)",
    """
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'audit_logs is append-only' USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    """
    CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE audit_logs")
    op.execute("DROP FUNCTION refuse_audit_change()")
