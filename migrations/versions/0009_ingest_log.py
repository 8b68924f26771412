"""The ingest log: a row for each change of what a repository holds, and the index that finds the commits of a row.

What is stored already gets a row for each moment in which some of it came.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE ingest_log (
        repo_id UUID NOT NULL,
        seq BIGINT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        inserted INTEGER DEFAULT 0 NOT NULL,
        kind TEXT NOT NULL,
        CONSTRAINT pk_ingest_log PRIMARY KEY (repo_id, seq),
        CONSTRAINT ck_ingest_log_kind CHECK (kind IN ('stored', 'refs', 'removed', 'rebuilt'))
    ) WITH (
        autovacuum_vacuum_insert_scale_factor = 0,
        autovacuum_vacuum_insert_threshold = 100000,
        autovacuum_freeze_min_age = 0
    )
    """,
    "CREATE INDEX ix_commits_repo_id_ingested_at ON commits (repo_id, ingested_at)",
    """
    INSERT INTO ingest_log (repo_id, seq, at, inserted, kind)
    SELECT repo_id, row_number() OVER (PARTITION BY repo_id ORDER BY ingested_at), ingested_at, count(*), 'stored'
    FROM commits GROUP BY repo_id, ingested_at
    """,
    """
    UPDATE repo_states s SET ingest_seq = logged.seq
    FROM (SELECT repo_id, max(seq) AS seq FROM ingest_log GROUP BY repo_id) logged
    WHERE logged.repo_id = s.repo_id
    """,
)

DOWNGRADE = (
    "UPDATE repo_states SET ingest_seq = 0",
    "DROP INDEX ix_commits_repo_id_ingested_at",
    "DROP TABLE ingest_log",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
