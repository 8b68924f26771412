"""The audit log forgets rows from before a cutoff that is kept here; younger ones stay append-only.

No cutoff is within the last 30 days, so whoever may write to this database cannot remove what they did just now.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# One row of each outcome that is forgotten at all. The function runs with its owner's rights and names the schema, so
# that it reads this table and no temporary one of the same name.
UPGRADE = (
    """
    CREATE TABLE audit_cutoffs (
        outcome TEXT NOT NULL,
        cutoff TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_audit_cutoffs PRIMARY KEY (outcome),
        CONSTRAINT ck_audit_cutoffs_outcome CHECK (outcome IN ('success', 'refused')),
        CONSTRAINT ck_audit_cutoffs_cutoff CHECK (cutoff <= now() - interval '30 days')
    )
    """,
    "CREATE INDEX ix_audit_logs_refused_at ON audit_logs (at) WHERE outcome = 'refused'",
    """
    CREATE FUNCTION refuse_audit_removal() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
    DECLARE
        cutoffs text := format('%I.audit_cutoffs', TG_TABLE_SCHEMA);
        is_forgotten boolean;
    BEGIN
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || cutoffs || ' WHERE outcome = $1 AND $2 < cutoff)'
            INTO is_forgotten USING OLD.outcome, OLD.at;
        IF NOT is_forgotten THEN
            RAISE EXCEPTION 'audit_logs is append-only' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN OLD;
    END
    $$
    """,
    "DROP TRIGGER audit_logs_append_only ON audit_logs",
    """
    CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR TRUNCATE ON audit_logs
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
    """
    CREATE TRIGGER audit_logs_keep BEFORE DELETE ON audit_logs
        FOR EACH ROW EXECUTE FUNCTION refuse_audit_removal()
    """,
)

DOWNGRADE = (
    "DROP TRIGGER audit_logs_keep ON audit_logs",
    "DROP TRIGGER audit_logs_append_only ON audit_logs",
    """
    CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
    "DROP FUNCTION refuse_audit_removal()",
    "DROP INDEX ix_audit_logs_refused_at",
    "DROP TABLE audit_cutoffs",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
