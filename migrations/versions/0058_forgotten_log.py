"""A kind of row of the ingest log that stands for rows that were deleted, as all followers had read them."""

from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

_KINDS = "'stored', 'refs', 'removed', 'rebuilt'"

# The rows are read under the lock: about a second for ten million.
_CHECK = """
    ALTER TABLE ingest_log DROP CONSTRAINT ck_ingest_log_kind,
        ADD CONSTRAINT ck_ingest_log_kind CHECK (kind IN ({kinds}))
"""

# A version that does not know the kind takes such a row for a removal: whoever reads it computes all anew. Its `verify`
# misses the rows that were deleted, and `--fix` writes them again.
_AS_REMOVED = "UPDATE ingest_log SET kind = 'removed' WHERE kind = 'forgotten'"


def upgrade() -> None:
    op.execute(_CHECK.format(kinds=f"{_KINDS}, 'forgotten'"))


def downgrade() -> None:
    op.execute(_AS_REMOVED)
    op.execute(_CHECK.format(kinds=_KINDS))
