"""Of a commit's lines those in generated, vendored and lock files, as far as a client told, and by which rules."""

from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE commits ADD COLUMN generated_additions INTEGER, ADD COLUMN generated_deletions INTEGER,"
        " ADD COLUMN generated_rules TEXT"
    )


def downgrade() -> None:
    op.execute(
        "ALTER TABLE commits DROP COLUMN generated_additions, DROP COLUMN generated_deletions,"
        " DROP COLUMN generated_rules"
    )
