"""The SQL of seasons and their weeks."""

from sqlalchemy import text

LAST_NUMBER = text("SELECT coalesce(max(number), 0) FROM seasons WHERE league_id = :league_id")

OVERLAPPING = text("""
    SELECT number FROM seasons
    WHERE league_id = :league_id AND starts < CAST(:starts AS date) + 7 * CAST(:weeks AS integer)
      AND CAST(:starts AS date) < starts + 7 * weeks
    LIMIT 1
""")

ADD_WEEKS = text("""
    INSERT INTO season_weeks (season_id, week, closes_at)
    SELECT CAST(:season_id AS uuid), g.week, g.closes_at
    FROM unnest(CAST(:week AS integer[]), CAST(:closes_at AS timestamptz[])) AS g (week, closes_at) ORDER BY g.week
""")

SCORED = text("SELECT id FROM seasons WHERE state IN ('open', 'closing') ORDER BY id")

# A season that somebody else works on is left to them.
TAKE = text("""
    SELECT id FROM seasons WHERE id = :season_id AND state IN ('open', 'closing') FOR NO KEY UPDATE SKIP LOCKED
""")

LOCK = text("SELECT state FROM seasons WHERE id = :season_id FOR NO KEY UPDATE")

SET_STATE = text("""
    UPDATE seasons SET state = CAST(:state AS text), changed_seq = changed_seq + 1,
        closed_at = CASE WHEN CAST(:state AS text) = 'closed' THEN now() END
    WHERE id = :season_id
""")

IS_BEHIND = text("""
    SELECT EXISTS (
        SELECT FROM follower_marks m JOIN repo_states s ON s.repo_id = m.repo_id
        WHERE m.follower = :follower AND m.repo_id = ANY(CAST(:repo_ids AS uuid[])) AND m.seq < s.ingest_seq
    )
""")
