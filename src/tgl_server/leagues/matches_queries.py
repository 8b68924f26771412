"""The SQL of match weeks: who plays, the matches, and what is read of both."""

from sqlalchemy import text

from tgl_server.leagues.queries import COUNTS

# In official seasons the people of the league's projects, and who has points; in exhibitions everybody who has points.
ENTER = text("""
    INSERT INTO entrants (season_id, player_id)
    SELECT CAST(:season_id AS uuid), p.id
    FROM players p LEFT JOIN users u ON u.id = p.user_id
    WHERE p.visibility <> 'hidden' AND (
        EXISTS (SELECT FROM standings s WHERE s.season_id = :season_id AND s.player_id = p.id AND s.points > 0)
          AND (p.state = 'active' OR p.state = 'provisional' AND NOT :is_official)
        OR :is_official AND p.state = 'active' AND p.kind = 'person' AND u.state = 'active' AND EXISTS (
            SELECT FROM league_repos r JOIN repos o ON o.id = r.repo_id JOIN projects j ON j.id = o.project_id
            LEFT JOIN project_members m ON m.project_id = j.id AND m.user_id = u.id
            WHERE r.league_id = :league_id AND (j.owner_id = u.id OR m.role IS NOT NULL)
        )
    )
    ORDER BY p.id
    ON CONFLICT DO NOTHING
""")

ENTRANTS = text("SELECT player_id FROM entrants WHERE season_id = :season_id ORDER BY player_id")

OUT = text("SELECT player_id FROM entrants WHERE season_id = :season_id AND is_out")

ADD = text("""
    INSERT INTO fixtures (season_id, week, home, away)
    SELECT CAST(:season_id AS uuid), g.week, g.home, g.away
    FROM unnest(CAST(:week AS integer[]), CAST(:home AS uuid[]), CAST(:away AS uuid[])) AS g (week, home, away)
    ORDER BY g.week, g.home
""")

# Whoever hides takes no part, and does again when they come back; a closed season stays as it is.
NOTE_OUT = text("""
    UPDATE entrants e SET is_out = NOT e.is_out FROM players p
    WHERE e.season_id = :season_id AND p.id = e.player_id
      AND e.is_out <> (p.visibility = 'hidden' OR p.state = 'erased')
""")

HAVE_MOVED = text("""
    SELECT EXISTS (
        SELECT FROM entrants e JOIN players p ON p.id = e.player_id
        WHERE e.season_id = :season_id AND e.is_out <> (p.visibility = 'hidden' OR p.state = 'erased')
    )
""")

MATCHES = text("""
    SELECT week, home, away, home_score, away_score, result, is_held FROM fixtures
    WHERE season_id = :season_id ORDER BY week, home
""")

SETTLE = text("""
    UPDATE fixtures f SET home_score = g.home_score, away_score = g.away_score, result = g.result, is_held = g.is_held
    FROM unnest(CAST(:week AS integer[]), CAST(:home AS uuid[]), CAST(:home_score AS integer[]),
                CAST(:away_score AS integer[]), CAST(:result AS text[]), CAST(:is_held AS boolean[]))
         AS g (week, home, home_score, away_score, result, is_held)
    WHERE f.season_id = :season_id AND f.week = g.week AND f.home = g.home
""")

SHOWN = text("""
    SELECT p.id AS player_id, p.name, p.state, p.visibility, p.shown_name, p.user_id,
           coalesce(p.user_id = :viewer, false) AS is_me
    FROM entrants e JOIN players p ON p.id = e.player_id
    WHERE e.season_id = :season_id
      AND (p.visibility <> 'hidden' OR p.user_id = :viewer) AND (:shows_provisional OR p.state <> 'provisional')
""")

# True for a claim that was filed within 14 days of the first commit of its identity that counts in the season.
IS_TIMELY = text(f"""
    SELECT EXISTS (
        SELECT FROM claims c WHERE c.event_id = :event_id AND c.created_at <= (
            SELECT to_timestamp(min(l.authored_at)) + interval '14 days' FROM ledger l
            WHERE l.season_id = :season_id AND l.identity_id = c.identity_id AND l.verdict >= {COUNTS}
        )
    )
""")  # noqa: S608 -- our own number
