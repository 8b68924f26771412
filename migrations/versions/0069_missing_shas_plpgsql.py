"""The look-up of missing shas in PL/pgSQL: its statement is planned with the repository's id as a value.

A distributed database finds the node of a repository by that value; inside of a function in SQL it is a parameter that
nobody can look into, and the look-up is refused. How it is planned stays as it was: only the key delivers the order.
"""

from alembic import op

revision = "0069"
down_revision = "0065"
branch_labels = None
depends_on = None

_SETTINGS = "SET enable_sort = off SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off"
_LOOK_UP = """
    SELECT coalesce(string_agg(asked.sha, ''), '') FROM unnest(shas) AS asked (sha)
    LEFT JOIN LATERAL (SELECT true AS found FROM commits c WHERE c.repo_id = repo
      AND c.sha BETWEEN asked.sha AND asked.sha ORDER BY c.sha LIMIT 1) have ON true
    WHERE have.found IS NULL
"""


def upgrade() -> None:
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION missing_shas(repo uuid, shas bytea[]) RETURNS bytea LANGUAGE plpgsql STABLE
          {_SETTINGS} SET plan_cache_mode = force_custom_plan AS $$ BEGIN RETURN ({_LOOK_UP}); END $$
        """
    )


def downgrade() -> None:
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION missing_shas(repo uuid, shas bytea[]) RETURNS bytea LANGUAGE sql STABLE
          {_SETTINGS} AS $$ {_LOOK_UP} $$
        """
    )
