"""The look-up of missing shas as a function, so that only the primary key of `commits` can serve it.

With sorting, whole scans and bitmaps discouraged, the one way to the order that each look-up asks for is the key. It
is so whatever the statistics say: of a repository that came after the last ANALYZE, or of a table that was emptied,
PostgreSQL expects no rows at all, and would take any index that begins with `repo_id` and read the whole repository.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # BETWEEN one and the same value, as ORDER BY would mean nothing to the planner after an equality.
    op.execute(
        """
        CREATE FUNCTION missing_shas(repo uuid, shas bytea[]) RETURNS bytea LANGUAGE sql STABLE
          SET enable_sort = off SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
          SELECT coalesce(string_agg(asked.sha, ''), '') FROM unnest(shas) AS asked (sha)
          LEFT JOIN LATERAL (SELECT true AS found FROM commits c WHERE c.repo_id = repo
            AND c.sha BETWEEN asked.sha AND asked.sha ORDER BY c.sha LIMIT 1) have ON true
          WHERE have.found IS NULL $$
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION missing_shas(uuid, bytea[])")
