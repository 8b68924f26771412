"""The reasons for the commits that a run refused, at most 100 of each run, to be found by sha."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE sync_run_errors (
            repo_id UUID NOT NULL,
            run_id UUID NOT NULL,
            n INTEGER NOT NULL,
            sha TEXT COLLATE "C",
            field TEXT,
            message TEXT NOT NULL,
            CONSTRAINT pk_sync_run_errors PRIMARY KEY (repo_id, run_id, n)
        )
        """
    )
    op.execute("CREATE INDEX ix_sync_run_errors_repo_id_sha ON sync_run_errors (repo_id, sha)")


def downgrade() -> None:
    op.execute("DROP TABLE sync_run_errors")
