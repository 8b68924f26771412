"""Badges that players of leagues show to everybody."""

from alembic import op

revision = "0051"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE league_badges (
            league_id UUID NOT NULL,
            player_id UUID NOT NULL,
            created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
            CONSTRAINT pk_league_badges PRIMARY KEY (league_id, player_id),
            CONSTRAINT fk_league_badges_league_id FOREIGN KEY(league_id) REFERENCES leagues (id) ON DELETE CASCADE,
            CONSTRAINT fk_league_badges_player_id FOREIGN KEY(player_id) REFERENCES players (id) ON DELETE CASCADE
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE league_badges")
