"""An award for the first of the table of matches."""

from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

_NAMES = (
    "'player_of_the_week', 'debut', 'gardener', 'playmaker', 'player_of_the_month', 'champion', 'iron', 'rookie', "
    "'most_improved', 'globetrotter', 'comeback'"
)

_CHECK = "ALTER TABLE awards DROP CONSTRAINT ck_awards_name, ADD CONSTRAINT ck_awards_name CHECK (name IN ({names}))"


def upgrade() -> None:
    op.execute(_CHECK.format(names=f"{_NAMES}, 'match_champion'"))


def downgrade() -> None:
    op.execute("DELETE FROM awards WHERE name = 'match_champion'")
    op.execute(_CHECK.format(names=_NAMES))
