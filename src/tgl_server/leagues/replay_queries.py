"""The SQL that reads what a replay is compared with."""

from sqlalchemy import text

# All statements of a check see one moment.
ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

STRUCK = text("SELECT sha FROM strikes WHERE season_id = :season_id")

LEDGER = text("""
    SELECT player_id, position, sha, authored_at, title_key, additions, deletions, files, value, day, own,
           sharers
    FROM ledger WHERE season_id = :season_id
""")

STORED_VERDICTS = text("SELECT player_id, sha, position, verdict FROM ledger WHERE season_id = :season_id")

DAYS = text("SELECT player_id, day, changes, value, points FROM player_days WHERE season_id = :season_id")

WEEKS = text("SELECT player_id, week, points FROM player_weeks WHERE season_id = :season_id AND week < :begun")

STANDINGS = text("SELECT player_id, points, week_points, rank, is_tied FROM standings WHERE season_id = :season_id")

LOCK = text("SELECT id FROM seasons WHERE id = :season_id FOR NO KEY UPDATE")

HOLD_MARKS = text("""
    SELECT repo_id FROM follower_marks
    WHERE follower = :follower AND repo_id IN (
        SELECT repo_id FROM league_repos r JOIN seasons s USING (league_id) WHERE s.id = :season_id
    )
    ORDER BY repo_id FOR UPDATE
""")
