"""Events: the outbox with its readers' marks, what is wrong with repositories, and what has been told of keys.

A run keeps its first and its last new commit. The relay's mark is the last number that was given.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE events (
        id UUID NOT NULL,
        recorded BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
        seq BIGINT,
        at TIMESTAMPTZ DEFAULT now() NOT NULL,
        type TEXT NOT NULL,
        project_id UUID,
        repo_id UUID,
        user_id UUID,
        data JSONB DEFAULT '{}'::jsonb NOT NULL,
        once TEXT,
        CONSTRAINT pk_events PRIMARY KEY (id),
        CONSTRAINT uq_events_once UNIQUE (once)
    )
    """,
    "CREATE UNIQUE INDEX uq_events_seq ON events (seq)",
    "CREATE INDEX ix_events_unnumbered ON events (recorded) WHERE seq IS NULL",
    "CREATE INDEX ix_events_project_id_seq ON events (project_id, seq)",
    """
    CREATE TABLE event_marks (
        reader TEXT NOT NULL,
        seq BIGINT NOT NULL,
        CONSTRAINT pk_event_marks PRIMARY KEY (reader)
    )
    """,
    "INSERT INTO event_marks (reader, seq) VALUES ('relay', 0)",
    """
    CREATE TABLE repo_troubles (
        repo_id UUID NOT NULL,
        trouble TEXT NOT NULL,
        since TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_repo_troubles PRIMARY KEY (repo_id, trouble),
        CONSTRAINT ck_repo_troubles_trouble CHECK (trouble IN ('failing', 'stale'))
    )
    """,
    "ALTER TABLE sync_runs ADD COLUMN first_sha BYTEA, ADD COLUMN last_sha BYTEA",
    "ALTER TABLE api_keys ADD COLUMN expiry_told INTEGER",
)

DOWNGRADE = (
    "ALTER TABLE api_keys DROP COLUMN expiry_told",
    "ALTER TABLE sync_runs DROP COLUMN first_sha, DROP COLUMN last_sha",
    "DROP TABLE repo_troubles",
    "DROP TABLE event_marks",
    "DROP TABLE events",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
