"""The SQL of awards: what they are decided by, and what was given. `reference.py` says what the sums must come to."""

from sqlalchemy import text

from tgl_server.leagues.queries import COUNTS

# Nobody gets an award whose address nobody has claimed, but in exhibitions; whoever retires keeps those they have.
_IS_BARRED = """(
    p.state = 'provisional' AND :is_official OR p.state IN ('retired', 'erased') OR coalesce(u.state = 'retired', false)
)"""

FORGET_ENTRIES = text("""
    DELETE FROM entries e WHERE e.season_id = :season_id AND NOT EXISTS (
        SELECT FROM player_weeks w WHERE w.season_id = e.season_id AND w.player_id = e.player_id
    )
""")

# In a closed season everybody stays as they were; who has got points by an amendment is new in it.
ENTER = text(f"""
    INSERT INTO entries (season_id, player_id, barred_from, earlier, last_weeks)
    SELECT CAST(:season_id AS uuid), w.player_id,
           CASE WHEN p.state = 'provisional' AND :is_official THEN 0
                WHEN {_IS_BARRED} THEN coalesce(e.barred_from, CAST(:settled AS integer)) END,
           (SELECT count(*) FROM seasons s JOIN standings o ON o.season_id = s.id AND o.player_id = w.player_id
            WHERE s.league_id = :league_id AND s.number < :number AND s.state <> 'draft' AND o.points > 0),
           coalesce((SELECT o.week_points FROM standings o WHERE o.player_id = w.player_id AND o.season_id = (
               SELECT s.id FROM seasons s WHERE s.league_id = :league_id AND s.number < :number AND s.state <> 'draft'
               ORDER BY s.number DESC LIMIT 1
           )), '{{}}')
    FROM (SELECT DISTINCT player_id FROM player_weeks WHERE season_id = :season_id) w
    JOIN players p ON p.id = w.player_id
    LEFT JOIN users u ON u.id = p.user_id
    LEFT JOIN entries e ON e.season_id = :season_id AND e.player_id = w.player_id
    ORDER BY w.player_id
    ON CONFLICT (season_id, player_id) DO UPDATE SET
        barred_from = excluded.barred_from, earlier = excluded.earlier, last_weeks = excluded.last_weeks
        WHERE NOT :is_closed
""")  # noqa: S608 -- our own text

# True if somebody may get awards now who could not, or the other way round.
HAVE_MOVED = text(f"""
    SELECT EXISTS (
        SELECT FROM entries e JOIN players p ON p.id = e.player_id LEFT JOIN users u ON u.id = p.user_id
        WHERE e.season_id = :season_id AND (e.barred_from IS NOT NULL) <> {_IS_BARRED}
    )
""")  # noqa: S608 -- our own text

ENTRIES = text("SELECT player_id, barred_from, earlier, last_weeks FROM entries WHERE season_id = :season_id")

WEEKS = text("SELECT player_id, week, points FROM player_weeks WHERE season_id = :season_id AND week < :settled")

_WEEK = "(l.day - CAST(:first_day AS integer)) / 7"
_COUNTED = f"""
    FROM ledger l WHERE l.season_id = :season_id AND l.verdict >= {COUNTS}
      AND l.day < CAST(:first_day AS integer) + 7 * CAST(:settled AS integer)
"""

GARDENED = text(f"""
    SELECT l.player_id, {_WEEK} AS week,
           sum(greatest(-l.value, least(l.value, l.deletions - l.additions))) AS value
    {_COUNTED} GROUP BY l.player_id, {_WEEK}
""")

PARTNERS = text(f"""
    SELECT player_id, week, count(DISTINCT sharer) AS value
    FROM (
        SELECT l.player_id, {_WEEK} AS week, unnest(l.sharers) AS sharer {_COUNTED} AND l.value > cardinality(l.sharers)
    ) shared GROUP BY player_id, week
""")  # noqa: S608 -- our own text

REPOS = text(f"""
    SELECT player_id, count(*) AS value
    FROM (SELECT l.player_id {_COUNTED} GROUP BY l.player_id, l.position HAVING count(DISTINCT l.day) >= :days) often
    GROUP BY player_id
""")  # noqa: S608 -- our own text

GIVEN = text("SELECT name, week, player_id, value FROM awards WHERE season_id = :season_id")

FORGET = text("DELETE FROM awards WHERE season_id = :season_id")

GIVE = text("""
    INSERT INTO awards (season_id, name, week, player_id, value)
    SELECT CAST(:season_id AS uuid), g.name, g.week, g.player_id, g.value
    FROM unnest(CAST(:name AS text[]), CAST(:week AS integer[]), CAST(:player_id AS uuid[]), CAST(:value AS integer[]))
         AS g (name, week, player_id, value)
    ORDER BY g.name, g.week, g.player_id
""")

# The awards of those whom the reader may know of; who has hidden is shown to themselves alone.
SHOWN = text("""
    SELECT a.name AS award, a.week, a.value, a.player_id, p.name, p.state, p.visibility, p.shown_name, p.user_id,
           coalesce(p.user_id = :viewer, false) AS is_me
    FROM awards a JOIN players p ON p.id = a.player_id
    WHERE a.season_id = :season_id
      AND (p.visibility <> 'hidden' OR p.user_id = :viewer) AND (:shows_provisional OR p.state <> 'provisional')
""")
