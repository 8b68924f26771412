"""Runs of pulls beside those of pushes: they have phases, wait as queued, and may be cancelled."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

STATES = "'queued', 'running', 'done', 'failed', 'interrupted', 'cancelled'"
STATES_BEFORE = "'running', 'done', 'failed', 'interrupted'"

UPGRADE = (
    f"""
    ALTER TABLE sync_runs
        ADD COLUMN source TEXT DEFAULT 'push' NOT NULL,
        ADD COLUMN phase TEXT,
        DROP CONSTRAINT ck_sync_runs_state,
        ADD CONSTRAINT ck_sync_runs_state CHECK (state IN ({STATES})),
        ADD CONSTRAINT ck_sync_runs_source CHECK (source IN ('push', 'pull')),
        ADD CONSTRAINT ck_sync_runs_phase CHECK (phase IN ('queued', 'fetching', 'walking', 'storing'))
    """,
)

DOWNGRADE = (
    "DELETE FROM sync_runs WHERE state = 'queued'",
    "UPDATE sync_runs SET state = 'interrupted' WHERE state = 'cancelled'",
    f"""
    ALTER TABLE sync_runs
        DROP COLUMN source,
        DROP COLUMN phase,
        DROP CONSTRAINT ck_sync_runs_state,
        ADD CONSTRAINT ck_sync_runs_state CHECK (state IN ({STATES_BEFORE}))
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
