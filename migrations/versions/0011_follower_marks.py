"""How far each follower of the ingest log has come in each repository, and a function that finds a row's commits.

The function leaves only the index of moments to be used, as 0010 does for the primary key and for the same reason.
Whoever adds a follower adds its marks.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE follower_marks (
            repo_id UUID NOT NULL,
            follower TEXT NOT NULL,
            seq BIGINT NOT NULL,
            CONSTRAINT pk_follower_marks PRIMARY KEY (repo_id, follower)
        ) WITH (fillfactor = 50)
        """
    )
    # Two rows of the log may share a moment: its commits are wanted once.
    op.execute(
        """
        CREATE FUNCTION commits_at(repo uuid, moments timestamptz[]) RETURNS SETOF commits LANGUAGE sql STABLE
          SET enable_sort = off SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
          SELECT found.* FROM (SELECT DISTINCT at FROM unnest(moments) AS given (at)) asked
          CROSS JOIN LATERAL (SELECT c.* FROM commits c WHERE c.repo_id = repo
            AND c.ingested_at BETWEEN asked.at AND asked.at ORDER BY c.ingested_at) found $$
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION commits_at(uuid, timestamptz[])")
    op.execute("DROP TABLE follower_marks")
