"""The root commits of each repository, kept by a follower of the ingest log, which begins where the log ends now."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE repo_roots (
        repo_id UUID NOT NULL,
        sha BYTEA NOT NULL,
        CONSTRAINT pk_repo_roots PRIMARY KEY (repo_id, sha)
    )
    """,
    # A push that has stored but not counted is waited for, and none counts until the marks are set.
    "LOCK TABLE repo_states IN SHARE MODE",
    """
    INSERT INTO repo_roots (repo_id, sha)
    SELECT repo_id, sha FROM commits WHERE parent_count = 0 AND repo_id IN (SELECT repo_id FROM repo_states)
    """,
    "INSERT INTO follower_marks (repo_id, follower, seq) SELECT repo_id, 'roots', ingest_seq FROM repo_states",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM follower_marks WHERE follower = 'roots'")
    op.execute("DROP TABLE repo_roots")
