"""Match weeks: who plays in a season, and the matches."""

from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE entrants (
        season_id UUID NOT NULL, player_id UUID NOT NULL, is_out BOOLEAN DEFAULT false NOT NULL,
        CONSTRAINT pk_entrants PRIMARY KEY (season_id, player_id)
    )
    """,
    """
    CREATE TABLE fixtures (
        season_id UUID NOT NULL, week INTEGER NOT NULL, home UUID NOT NULL, away UUID,
        home_score INTEGER, away_score INTEGER, result TEXT, is_held BOOLEAN DEFAULT false NOT NULL,
        CONSTRAINT pk_fixtures PRIMARY KEY (season_id, week, home),
        CONSTRAINT ck_fixtures_result CHECK (result IN ('home', 'away', 'draw', 'nothing', 'bye', 'void'))
    )
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE fixtures")
    op.execute("DROP TABLE entrants")
