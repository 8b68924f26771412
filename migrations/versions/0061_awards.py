"""Awards, and what a season knows of its players beside their points."""

from alembic import op

revision = "0061"
down_revision = "0058"
branch_labels = None
depends_on = None

_NAMES = (
    "'player_of_the_week', 'debut', 'gardener', 'playmaker', 'player_of_the_month', 'champion', 'iron', 'rookie', "
    "'most_improved', 'globetrotter', 'comeback'"
)

UPGRADE = (
    """
    CREATE TABLE entries (
        season_id UUID NOT NULL, player_id UUID NOT NULL, barred_from INTEGER,
        earlier INTEGER DEFAULT 0 NOT NULL, last_weeks INTEGER[] DEFAULT '{}' NOT NULL,
        CONSTRAINT pk_entries PRIMARY KEY (season_id, player_id)
    )
    """,
    f"""
    CREATE TABLE awards (
        season_id UUID NOT NULL, name TEXT NOT NULL, week INTEGER NOT NULL, player_id UUID NOT NULL,
        value INTEGER NOT NULL,
        CONSTRAINT pk_awards PRIMARY KEY (season_id, name, week, player_id),
        CONSTRAINT ck_awards_name CHECK (name IN ({_NAMES}))
    )
    """,
    "CREATE INDEX ix_awards_player_id ON awards (player_id, season_id)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE awards")
    op.execute("DROP TABLE entries")
