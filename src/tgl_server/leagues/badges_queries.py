"""The SQL of badges."""

from sqlalchemy import text

SHOW = text("""
    INSERT INTO league_badges (league_id, player_id) VALUES (:league_id, :player_id) ON CONFLICT DO NOTHING
""")

HIDE = text("DELETE FROM league_badges WHERE league_id = :league_id AND player_id = :player_id")

# The players of the newest season who show their badge, by rank.
TABLE = text("""
    SELECT g.name AS league, s.name AS season, p.name, p.state, p.visibility, p.shown_name, st.rank, st.is_tied,
           st.points
    FROM leagues g
    JOIN LATERAL (
        SELECT id, name FROM seasons WHERE league_id = g.id AND state <> 'draft' ORDER BY number DESC LIMIT 1
    ) s ON true
    JOIN standings st ON st.season_id = s.id
    JOIN league_badges b ON b.league_id = g.id AND b.player_id = st.player_id
    JOIN players p ON p.id = b.player_id AND p.visibility <> 'hidden' AND p.state IN ('active', 'retired')
    WHERE g.slug = :slug ORDER BY st.rank, st.player_id LIMIT :limit
""")

# A provisional player has nobody who could have chosen it; one that became so by a split is shown no more.
BADGE = text("""
    SELECT g.name AS league, p.name, p.state, p.visibility, p.shown_name, st.rank, st.points,
           (SELECT count(*) FROM standings o WHERE o.season_id = s.id) AS players
    FROM league_badges b
    JOIN leagues g ON g.id = b.league_id
    JOIN players p ON p.id = b.player_id
    LEFT JOIN LATERAL (
        SELECT id FROM seasons WHERE league_id = g.id AND state <> 'draft' ORDER BY number DESC LIMIT 1
    ) s ON true
    LEFT JOIN standings st ON st.season_id = s.id AND st.player_id = p.id
    WHERE g.slug = :slug AND b.player_id = :player_id AND p.visibility <> 'hidden' AND p.state IN ('active', 'retired')
""")
