"""A repository's state counts its recorded tips and has their digest, and names its last removal of commits."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UPGRADE = (
    # A change of tips holds its repository's state: it is waited for, and none begins until the sums are right.
    "LOCK TABLE repo_states IN SHARE MODE",
    """
    ALTER TABLE repo_states
        ADD COLUMN refs_total BIGINT DEFAULT 0 NOT NULL,
        ADD COLUMN refs_digest BYTEA DEFAULT sha256(''::bytea) NOT NULL,
        ADD COLUMN removed_seq BIGINT DEFAULT 0 NOT NULL
    """,
    """
    UPDATE repo_states s SET refs_total = recorded.total, refs_digest = recorded.digest
    FROM (
        SELECT repo_id, count(*) AS total, sha256(string_agg(tip, ''::bytea ORDER BY tip)) AS digest
        FROM (SELECT repo_id, sha256(convert_to(name, 'UTF8') || '\\x00'::bytea || sha) AS tip FROM repo_refs) hashed
        GROUP BY repo_id
    ) recorded
    WHERE recorded.repo_id = s.repo_id
    """,
    """
    UPDATE repo_states s SET removed_seq = removed.seq
    FROM (SELECT repo_id, max(seq) AS seq FROM ingest_log WHERE kind = 'removed' GROUP BY repo_id) removed
    WHERE removed.repo_id = s.repo_id
    """,
)

DOWNGRADE = ("ALTER TABLE repo_states DROP COLUMN refs_total, DROP COLUMN refs_digest, DROP COLUMN removed_seq",)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
