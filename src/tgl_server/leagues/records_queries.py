"""The SQL of records and of the hall of fame; of those who hide nothing is read but by themselves."""

from sqlalchemy import text

_IS_SEEN = "(p.visibility <> 'hidden' OR p.user_id = :viewer) AND (:shows_provisional OR p.state <> 'provisional')"

# Week points of everybody in the seasons of a league that were opened, as far as weeks are settled. An official season
# of fewer players than `:least_players` has no table that is shown, and no record.
WEEKS = text(f"""
    SELECT s.number, s.starts, s.weeks, st.player_id, st.points,
           st.week_points[1:CASE WHEN r.document ->> 'dates' = 'witnessed' THEN s.sealed
                                 WHEN s.state = 'open' THEN s.begun - 1 ELSE s.begun END]
               AS week_points,
           p.name, p.state, p.visibility, p.shown_name, p.user_id, coalesce(p.user_id = :viewer, false) AS is_me,
           p.state = 'retired' OR coalesce(u.state = 'retired', false) AS is_retired
    FROM seasons s
    JOIN rules r ON r.league_id = s.league_id AND r.version = s.rules_version
    JOIN standings st ON st.season_id = s.id
    JOIN players p ON p.id = st.player_id
    LEFT JOIN users u ON u.id = p.user_id
    WHERE s.league_id = :league_id AND s.state <> 'draft' AND {_IS_SEEN} AND (
        r.document ->> 'dates' <> 'witnessed'
        OR (SELECT count(*) FROM standings o WHERE o.season_id = s.id AND o.points > 0) >= :least_players
    )
    ORDER BY s.number, st.player_id
""")  # noqa: S608 -- our own text

TITLES = text("""
    SELECT a.player_id, count(*) AS titles
    FROM awards a JOIN seasons s ON s.id = a.season_id
    WHERE s.league_id = :league_id AND a.name = 'champion' GROUP BY a.player_id
""")

WINS = text("""
    SELECT s.number, f.week, CASE f.result WHEN 'home' THEN f.home ELSE f.away END AS player_id,
           abs(f.home_score - f.away_score) AS value
    FROM fixtures f JOIN seasons s ON s.id = f.season_id
    WHERE s.league_id = :league_id AND f.result IN ('home', 'away') ORDER BY s.number, f.week, f.home
""")
