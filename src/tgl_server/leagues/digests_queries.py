"""The SQL of digests: what each player of a week did in it, beside their weeks before."""

from sqlalchemy import text

from tgl_server.leagues.queries import COUNTS
from tgl_server.leagues.tables_queries import IS_SEEN, PERSON

# Weeks that are sealed, with the moment of the first seal of each.
SEALED = text("""
    SELECT s.week, min(s.at) AS sealed_at FROM seals s JOIN seasons n ON n.id = s.season_id AND s.week < n.sealed
    WHERE s.season_id = :season_id AND s.kind = 'week' GROUP BY s.week ORDER BY s.week DESC LIMIT :limit
""")

# A debut is the first week with points in any season of the league; `pause` are the weeks without since the last one.
# `gardened` are deleted lines beyond added ones of changes that count, up to the cap of the rules.
PLAYED = text(f"""
    SELECT w.week, w.player_id, w.points, w.changes, {PERSON},
           NOT EXISTS (
               SELECT FROM player_weeks e JOIN seasons s ON s.id = e.season_id
               WHERE s.league_id = :league_id AND e.player_id = w.player_id AND e.points > 0
                 AND (s.number < :number OR e.season_id = w.season_id AND e.week < w.week)
           ) AS is_debut,
           w.week - 1 - (
               SELECT max(e.week) FROM player_weeks e
               WHERE e.season_id = w.season_id AND e.player_id = w.player_id AND e.week < w.week AND e.points > 0
           ) AS pause,
           (
               SELECT coalesce(sum(greatest(0, least(l.deletions, CAST(:line_cap AS integer)) - l.additions)), 0)
               FROM ledger l
               WHERE l.season_id = w.season_id AND l.player_id = w.player_id AND l.verdict >= {COUNTS}
                 AND l.day BETWEEN :first_day + 7 * w.week AND :first_day + 7 * w.week + 6
           ) AS gardened
    FROM player_weeks w JOIN players p ON p.id = w.player_id
    WHERE w.season_id = :season_id AND w.week = ANY(CAST(:weeks AS integer[])) AND w.points > 0 AND {IS_SEEN}
      AND w.week < (SELECT n.sealed FROM seasons n WHERE n.id = :season_id)
    ORDER BY w.week DESC, w.points DESC, w.player_id
""")  # noqa: S608 -- our own text
