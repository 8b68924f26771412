"""The queue of pulls: schedules, requests and leases by repository; and the workers that pull."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE repo_pulls (
        repo_id UUID NOT NULL,
        cron TEXT,
        timezone TEXT DEFAULT 'UTC' NOT NULL,
        next_due_at TIMESTAMPTZ,
        requested_at TIMESTAMPTZ,
        requested_by UUID,
        requested_run_id UUID,
        cancel_requested_at TIMESTAMPTZ,
        queued_at TIMESTAMPTZ,
        run_id UUID,
        cause TEXT,
        claimed_at TIMESTAMPTZ,
        lease_token UUID,
        lease_until TIMESTAMPTZ,
        lease_owner TEXT,
        attempts INTEGER DEFAULT 0 NOT NULL,
        failures INTEGER DEFAULT 0 NOT NULL,
        refusals INTEGER DEFAULT 0 NOT NULL,
        paused_at TIMESTAMPTZ,
        paused_reason TEXT,
        paused_url TEXT,
        mirror_host TEXT,
        mirror_bytes BIGINT,
        mirrored_at TIMESTAMPTZ,
        CONSTRAINT pk_repo_pulls PRIMARY KEY (repo_id),
        CONSTRAINT fk_repo_pulls_repo_id FOREIGN KEY(repo_id) REFERENCES repos (id) ON DELETE CASCADE,
        CONSTRAINT ck_repo_pulls_cause CHECK (cause IN ('schedule', 'request'))
    )
    """,
    "CREATE INDEX ix_repo_pulls_next_due_at ON repo_pulls (next_due_at)",
    """
    CREATE TABLE pull_workers (
        id UUID NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        version TEXT NOT NULL,
        children INTEGER NOT NULL,
        disk_free BIGINT,
        started_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        seen_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_pull_workers PRIMARY KEY (id)
    )
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE pull_workers")
    op.execute("DROP TABLE repo_pulls")
