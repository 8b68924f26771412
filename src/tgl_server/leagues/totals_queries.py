"""The SQL that adds up the ledger: days, weeks and places, each computed anew and never changed by an addition."""

from sqlalchemy import text

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.models import VERDICT_CODES

_COUNTS = VERDICT_CODES[CommitVerdict.FUTURE]

_GIVEN_DAYS = """
    SELECT DISTINCT * FROM unnest(CAST(:player_id AS uuid[]), CAST(:day AS integer[])) AS g (player_id, day)
"""
# The season's week of a day, from 0. Weeks begin on Monday; day 0 is a Thursday.
_WEEK = "CAST(floor_div({day} + 3, 7) - floor_div(CAST(:first_day AS bigint) + 3, 7) AS integer)"
_PLAYERS = "player_id = ANY(CAST(:player_ids AS uuid[]))"


def _stepped(name: str, reached: str) -> str:
    """The points of the last step that is reached, or 0: `width_bucket` is the number of steps reached."""
    steps, points = (f"CAST(:{name}_{what} AS integer[])" for what in ("steps", "points"))
    return f"coalesce(({points})[width_bucket(CAST(least({reached}, 2147483647) AS integer), {steps})], 0)"


def _days(rows: str, shares: str) -> str:
    """The sums of own changes, without the parts of co-authors, and of the parts in changes of others."""
    part = "l.value / (cardinality(l.sharers) + 1)"
    return f"""
        INSERT INTO player_days (season_id, player_id, day, changes, value, points)
        SELECT CAST(:season_id AS uuid), player_id, day, changes, value,
               {_stepped("line", "value")} + {_stepped("commit", "changes")}
        FROM (
            SELECT player_id, day, CAST(sum(changes) AS integer) AS changes, CAST(sum(value) AS bigint) AS value
            FROM (
                SELECT l.player_id, l.day, 1 AS changes, l.value - cardinality(l.sharers) * ({part}) AS value
                FROM {rows} AND l.verdict >= {_COUNTS}
                UNION ALL SELECT h.player_id, h.day, 0, h.value FROM {shares}
            ) each GROUP BY player_id, day
        ) added ORDER BY player_id, day
    """  # noqa: S608 -- our own text


DELETE_DAYS = text(f"""
    DELETE FROM player_days d USING ({_GIVEN_DAYS}) t
    WHERE d.season_id = :season_id AND d.player_id = t.player_id AND d.day = t.day
""")  # noqa: S608 -- our own text

INSERT_DAYS = text(
    _days(
        f"({_GIVEN_DAYS}) t JOIN ledger l ON l.season_id = :season_id AND l.player_id = t.player_id AND l.day = t.day",
        f"({_GIVEN_DAYS}) t JOIN ledger_shares h "
        "ON h.season_id = :season_id AND h.player_id = t.player_id AND h.day = t.day",
    )
)

DELETE_ALL_DAYS = text(f"DELETE FROM player_days WHERE season_id = :season_id AND {_PLAYERS}")  # noqa: S608

INSERT_ALL_DAYS = text(
    _days(
        f"ledger l WHERE l.season_id = :season_id AND l.{_PLAYERS}",
        f"ledger_shares h WHERE h.season_id = :season_id AND h.{_PLAYERS}",
    )
)

# A player's best days of a week; of those without a change of their own only one counts.
_WEEKS = """
    INSERT INTO player_weeks (season_id, player_id, week, days, changes, value, points)
    SELECT CAST(:season_id AS uuid), player_id, week, CAST(count(*) AS integer), CAST(sum(changes) AS integer),
           sum(value), CAST(coalesce(sum(points) FILTER (WHERE place <= :best_days), 0) AS integer)
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY player_id, week ORDER BY changes = 0 AND place_among_kind > 1, points DESC
        ) + CASE WHEN changes = 0 AND place_among_kind > 1 THEN 7 ELSE 0 END AS place
        FROM (
            SELECT d.player_id, t.week, d.changes, d.value, d.points, row_number() OVER (
                PARTITION BY d.player_id, t.week, d.changes = 0 ORDER BY d.points DESC
            ) AS place_among_kind
            FROM ({touched}) t
            JOIN player_days d ON d.season_id = :season_id AND d.player_id = t.player_id
             AND d.day BETWEEN t.week * 7 + CAST(:first_day AS integer) AND t.week * 7 + CAST(:first_day AS integer) + 6
        ) placed
    ) best
    GROUP BY player_id, week ORDER BY player_id, week
"""
_GIVEN_WEEKS = f"SELECT DISTINCT player_id, {_WEEK.format(day='day')} AS week FROM ({_GIVEN_DAYS}) g"  # noqa: S608
_ALL_WEEKS = f"""
    SELECT DISTINCT player_id, {_WEEK.format(day="day")} AS week FROM player_days
    WHERE season_id = :season_id AND {_PLAYERS}
"""  # noqa: S608 -- our own text

DELETE_WEEKS = text(f"""
    DELETE FROM player_weeks w USING ({_GIVEN_WEEKS}) t
    WHERE w.season_id = :season_id AND w.player_id = t.player_id AND w.week = t.week
""")  # noqa: S608 -- our own text

INSERT_WEEKS = text(_WEEKS.format(touched=_GIVEN_WEEKS))

DELETE_ALL_WEEKS = text(f"DELETE FROM player_weeks WHERE season_id = :season_id AND {_PLAYERS}")  # noqa: S608

INSERT_ALL_WEEKS = text(_WEEKS.format(touched=_ALL_WEEKS))

DELETE_STANDINGS = text(f"DELETE FROM standings WHERE season_id = :season_id AND {_PLAYERS}")  # noqa: S608

# Every week that has begun has a place in `week_points`; the best `:kept` of them count.
INSERT_STANDINGS = text(f"""
    INSERT INTO standings (season_id, player_id, points, week_points, weeks, days, best_week, rank, is_tied)
    SELECT CAST(:season_id AS uuid), player_id,
           CAST(coalesce(sum(points) FILTER (WHERE place <= :kept), 0) AS integer),
           array_agg(points ORDER BY week),
           CAST(count(*) FILTER (WHERE points > 0) AS integer), CAST(coalesce(sum(days), 0) AS integer),
           coalesce(max(points), 0), 0, false
    FROM (
        SELECT p.player_id, g.week, coalesce(w.points, 0) AS points, w.days,
               row_number() OVER (PARTITION BY p.player_id ORDER BY coalesce(w.points, 0) DESC) AS place
        FROM (SELECT DISTINCT player_id FROM player_weeks WHERE season_id = :season_id AND {_PLAYERS}) p
        CROSS JOIN generate_series(0, CAST(:begun AS integer) - 1) AS g (week)
        LEFT JOIN player_weeks w ON w.season_id = :season_id AND w.player_id = p.player_id AND w.week = g.week
    ) each GROUP BY player_id ORDER BY player_id
""")  # noqa: S608 -- our own text

# Equal players share a rank; it is that of whoever comes first among them.
RANK = text("""
    UPDATE standings s SET rank = r.rank, is_tied = r.is_tied
    FROM (
        SELECT player_id, CAST(rank() OVER (ORDER BY points DESC, best DESC) AS integer) AS rank,
               count(*) OVER (PARTITION BY points, best) > 1 AS is_tied
        FROM (
            SELECT player_id, points, ARRAY(SELECT p FROM unnest(week_points) AS u (p) ORDER BY p DESC) AS best
            FROM standings WHERE season_id = :season_id
        ) each
    ) r
    WHERE s.season_id = :season_id AND s.player_id = r.player_id
      AND (s.rank, s.is_tied) IS DISTINCT FROM (r.rank, r.is_tied)
""")

PLAYERS_WITH_WEEKS = text("SELECT DISTINCT player_id FROM player_weeks WHERE season_id = :season_id")

BEGIN_WEEKS = text("UPDATE seasons SET begun = :begun WHERE id = :season_id")

NOTE_CHANGE = text("UPDATE seasons SET changed_seq = changed_seq + 1 WHERE id = :season_id")
