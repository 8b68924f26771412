"""The SQL of the tables of seasons and weeks, as players and spectators read them; none of it reads commits."""

from sqlalchemy import text

#: Places that everybody is shown where the rules say `top_and_me`, and those on either side of the reader's own.
_TOP, _AROUND = 10, 2

# Whom the reader may know of; who has hidden is shown to themselves alone, until the scorer has taken them out.
IS_SEEN = """(p.visibility <> 'hidden' OR p.user_id = :viewer) AND (:shows_provisional OR p.state <> 'provisional')"""

PERSON = "p.name, p.state, p.visibility, p.shown_name, p.user_id, coalesce(p.user_id = :viewer, false) AS is_me"

# What ranks are computed of, of everybody.
WEEK_POINTS = text("SELECT player_id, week_points FROM standings WHERE season_id = :season_id")


def _cut(rows: str, columns: str) -> str:
    """The lines of a table that the reader is shown: the order is by rank, and equal ranks are by id."""
    return f"""
        WITH seen AS MATERIALIZED (
            SELECT r.*, {PERSON}, row_number() OVER (ORDER BY r.rank, r.player_id) AS line, count(*) OVER () AS players
            FROM ({rows}) r JOIN players p ON p.id = r.player_id WHERE {IS_SEEN}
        ), own AS MATERIALIZED (SELECT line FROM seen WHERE is_me)
        SELECT {columns}, s.rank, s.is_tied, s.player_id, s.points, s.days, s.players,
               s.name, s.state, s.visibility, s.shown_name, s.user_id, s.is_me
        FROM seen s LEFT JOIN own ON true
        WHERE (s.rank <= {_TOP} OR NOT :is_cut OR abs(s.line - own.line) <= {_AROUND})
          AND (NOT :around_me OR abs(s.line - own.line) <= {_AROUND})
          AND (CAST(:rank AS integer) IS NULL
               OR (s.rank, s.player_id) > (CAST(:rank AS integer), CAST(:player_id AS uuid)))
        ORDER BY s.rank, s.player_id LIMIT :limit
    """  # noqa: S608 -- our own text


TABLE = text(_cut("SELECT * FROM standings WHERE season_id = :season_id", "s.week_points, s.weeks, s.best_week"))

WEEK = text(
    _cut(
        """
        SELECT player_id, points, days, changes, value, CAST(rank() OVER (ORDER BY points DESC) AS integer) AS rank,
               count(*) OVER (PARTITION BY points) > 1 AS is_tied
        FROM player_weeks WHERE season_id = :season_id AND week = :week AND points > 0
        """,
        "s.changes, s.value",
    )
)

WEEK_CLOSES = text("""
    SELECT closes_at, closes_at <= now() AS is_closed FROM season_weeks WHERE season_id = :season_id AND week = :week
""")
