"""The SQL that only the pages of leagues need."""

from sqlalchemy import text

# The places of the podium in the newest season of each league that was opened, or in all seasons of one league, for
# those who are shown by name to everybody who sees the league.
PODIUMS = text("""
    SELECT s.league_id, s.number, s.name AS season, s.state AS season_state, s.begun, s.weeks AS season_weeks,
           s.starts, t.*
    FROM seasons s
    LEFT JOIN LATERAL (
        SELECT st.rank, st.points, st.player_id, p.name, p.state, p.visibility, p.shown_name, p.user_id
        FROM standings st JOIN players p ON p.id = st.player_id
        JOIN rules r ON r.league_id = s.league_id AND r.version = s.rules_version
        WHERE st.season_id = s.id AND st.rank <= 3 AND st.points > 0
          AND (p.visibility <> 'hidden' OR p.user_id = :viewer)
          AND (p.state <> 'provisional' OR r.document ->> 'provisional' = 'shown')
          AND (r.document ->> 'dates' <> 'witnessed'
               OR (SELECT count(*) FROM standings all_of WHERE all_of.season_id = s.id) >= :least_players)
        ORDER BY st.rank, st.player_id LIMIT 6
    ) t ON true
    WHERE s.league_id = ANY(CAST(:league_ids AS uuid[])) AND s.state <> 'draft'
      AND (:each OR s.number = (
          SELECT max(n.number) FROM seasons n WHERE n.league_id = s.league_id AND n.state <> 'draft'
      ))
    ORDER BY s.league_id, s.number DESC, t.rank, t.player_id
""")

# The titles of a day's commits; each is one look into the key of commits.
TITLES = text("""
    SELECT c.repo_id, c.sha, c.message_title, p.slug AS project, r.name AS repo
    FROM unnest(CAST(:sha AS bytea[])) AS g (sha)
    JOIN league_repos lr ON lr.league_id = :league_id
    JOIN commits c ON c.repo_id = lr.repo_id AND c.sha = g.sha
    JOIN repos r ON r.id = c.repo_id JOIN projects p ON p.id = r.project_id
""")
