"""Suggestions that a commissioner has dismissed: players that look like one person and are not."""

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE dismissed_suggestions (
            id UUID NOT NULL,
            players UUID[] NOT NULL,
            dismissed_by UUID,
            reason TEXT NOT NULL,
            created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
            CONSTRAINT pk_dismissed_suggestions PRIMARY KEY (id),
            CONSTRAINT uq_dismissed_suggestions_players UNIQUE (players)
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE dismissed_suggestions")
