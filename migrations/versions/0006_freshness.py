"""How fresh a repository is: the cadence learned from its runs, its last error kept, open runs found by an index."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    ALTER TABLE repos
        ADD COLUMN last_error_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN last_error TEXT,
        ADD COLUMN learned_cadence INTERVAL,
        ADD COLUMN learned_at TIMESTAMP WITH TIME ZONE
    """,
    "UPDATE repos SET last_error_at = last_attempt_at, last_error = error_message WHERE error_message IS NOT NULL",
    "ALTER TABLE sync_runs ADD COLUMN clock_skew INTERVAL",
    "CREATE INDEX ix_sync_runs_running ON sync_runs (repo_id) WHERE state = 'running'",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX ix_sync_runs_running")
    op.execute("ALTER TABLE sync_runs DROP COLUMN clock_skew")
    op.execute(
        """
        ALTER TABLE repos DROP COLUMN last_error_at, DROP COLUMN last_error, DROP COLUMN learned_cadence,
            DROP COLUMN learned_at
        """
    )
