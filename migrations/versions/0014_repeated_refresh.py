"""What it takes to give the successor of a refresh token again: its salt, and which client used the token."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE refresh_tokens
            ADD COLUMN successor_salt BYTEA,
            ADD COLUMN used_network TEXT,
            ADD COLUMN used_user_agent TEXT
    """)


def downgrade() -> None:
    op.execute("""
        ALTER TABLE refresh_tokens
            DROP COLUMN successor_salt,
            DROP COLUMN used_network,
            DROP COLUMN used_user_agent
    """)
