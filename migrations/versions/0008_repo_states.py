"""What pushes write about a repository becomes a table of its own, `repo_states`; `repos` is the registry.

The registry is read by every request and rarely changed, its state is changed by every batch: apart, the first can be
copied to all nodes of a distributed database and the second can lie beside its repository's commits.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOVED = (
    "sync_status, error_message, last_attempt_at, last_success_at, last_ingested_sha, total_commits, last_error_at, "
    "last_error, learned_cadence, learned_at"
)

UPGRADE = (
    """
    CREATE TABLE repo_states (
        repo_id UUID NOT NULL,
        sync_status TEXT DEFAULT 'pending' NOT NULL,
        error_message TEXT,
        last_attempt_at TIMESTAMP WITH TIME ZONE,
        last_success_at TIMESTAMP WITH TIME ZONE,
        last_ingested_sha BYTEA,
        total_commits BIGINT DEFAULT 0 NOT NULL,
        last_error_at TIMESTAMP WITH TIME ZONE,
        last_error TEXT,
        learned_cadence INTERVAL,
        learned_at TIMESTAMP WITH TIME ZONE,
        ingest_seq BIGINT DEFAULT 0 NOT NULL,
        version BIGINT DEFAULT 0 NOT NULL,
        CONSTRAINT pk_repo_states PRIMARY KEY (repo_id),
        CONSTRAINT ck_repo_states_sync_status CHECK (sync_status IN ('pending', 'syncing', 'healthy', 'error'))
    ) WITH (fillfactor = 50)
    """,
    f"INSERT INTO repo_states (repo_id, {MOVED}) SELECT id, {MOVED} FROM repos",  # noqa: S608 -- our own names
    f"ALTER TABLE repos {', '.join(f'DROP COLUMN {name.strip()}' for name in MOVED.split(','))}",
    "ALTER TABLE repos RESET (fillfactor)",
    "ALTER TABLE repos ADD COLUMN default_branch TEXT",
)

DOWNGRADE = (
    "ALTER TABLE repos DROP COLUMN default_branch",
    "ALTER TABLE repos SET (fillfactor = 50)",
    """
    ALTER TABLE repos
        ADD COLUMN sync_status TEXT DEFAULT 'pending' NOT NULL,
        ADD COLUMN error_message TEXT,
        ADD COLUMN last_attempt_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN last_success_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN last_ingested_sha BYTEA,
        ADD COLUMN total_commits BIGINT DEFAULT 0 NOT NULL,
        ADD COLUMN last_error_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN last_error TEXT,
        ADD COLUMN learned_cadence INTERVAL,
        ADD COLUMN learned_at TIMESTAMP WITH TIME ZONE,
        ADD CONSTRAINT ck_repos_sync_status CHECK (sync_status IN ('pending', 'syncing', 'healthy', 'error'))
    """,
    f"""
    UPDATE repos r SET ({MOVED}) = (SELECT {MOVED} FROM repo_states s WHERE s.repo_id = r.id)
    WHERE EXISTS (SELECT FROM repo_states s WHERE s.repo_id = r.id)
    """,  # noqa: S608 -- our own names
    "DROP TABLE repo_states",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
