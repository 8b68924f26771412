"""The SQL of examples for the rules of a season: bounded, whatever its size, and without the name of anybody."""

from sqlalchemy import text

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.models import VERDICT_CODES

_COUNTS = VERDICT_CODES[CommitVerdict.FUTURE]

#: So many commits of a season are looked at.
MOST_COMMITS = 50_000

EXAMPLES = text(f"""
    WITH looked AS MATERIALIZED (
        SELECT verdict, change, additions + deletions AS lines FROM ledger WHERE season_id = :season_id
        LIMIT {MOST_COMMITS}
    ), day AS (
        SELECT day, changes, value, points FROM player_days WHERE season_id = :season_id
        ORDER BY points DESC, day DESC LIMIT 1
    ), week AS (
        SELECT w.week, w.days, w.points, CAST((
            SELECT sum(d.points) FROM player_days d
            WHERE d.season_id = :season_id AND d.player_id = w.player_id
              AND d.day - CAST(:first_day AS integer) BETWEEN w.week * 7 AND w.week * 7 + 6
        ) AS integer) AS all_points
        FROM player_weeks w WHERE w.season_id = :season_id AND w.days > :best_days
        ORDER BY w.days DESC, w.points DESC, w.week LIMIT 1
    ), season AS (
        SELECT points, all_points FROM (
            SELECT points, (SELECT sum(p) FROM unnest(week_points) AS u (p)) AS all_points FROM standings
            WHERE season_id = :season_id
        ) each ORDER BY all_points - points DESC, points DESC LIMIT 1
    )
    SELECT (SELECT count(*) FROM looked) AS commits,
           ARRAY(SELECT ARRAY[verdict, count(*)] FROM looked GROUP BY verdict) AS verdicts,
           (SELECT max(lines) FROM looked WHERE verdict >= {_COUNTS}) AS largest_change,
           (SELECT max(n) FROM (SELECT count(*) AS n FROM looked GROUP BY change) each) AS most_copies,
           day.day, day.changes, day.value, day.points AS day_points,
           week.week, week.days AS week_days, week.points AS week_points, week.all_points AS week_all_points,
           season.points AS season_points, CAST(season.all_points AS integer) AS season_all_points,
           (SELECT count(*) FROM standings WHERE season_id = :season_id AND is_tied) AS tied,
           (SELECT count(*) FROM standings WHERE season_id = :season_id) AS players
    FROM (SELECT 1) one LEFT JOIN day ON true LEFT JOIN week ON true LEFT JOIN season ON true
""")  # noqa: S608 -- our own text
