"""Accounts say whether their address is known to be theirs: it was given by whoever made the account for them.

Whoever registers says an address, and nobody has seen whether it is theirs.
"""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE users ADD COLUMN email_confirmed BOOLEAN DEFAULT false NOT NULL")
    op.execute("""
        UPDATE users u SET email_confirmed = true FROM audit_logs a
        WHERE a.action = 'user:created' AND a.resource_id = CAST(u.id AS text) AND a.details ->> 'state' = 'active'
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE users DROP COLUMN email_confirmed")
