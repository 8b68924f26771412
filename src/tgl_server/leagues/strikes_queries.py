"""The SQL of strikes."""

from sqlalchemy import text

CHANGES_OF = text("SELECT DISTINCT player_id, change FROM ledger WHERE season_id = :season_id AND sha = :sha")

STRIKE = text("""
    INSERT INTO strikes (season_id, sha, reason, struck_by)
    SELECT CAST(:season_id AS uuid), g.sha, :reason, CAST(:struck_by AS uuid)
    FROM unnest(CAST(:shas AS bytea[])) AS g (sha) ORDER BY g.sha
    ON CONFLICT (season_id, sha) DO NOTHING RETURNING sha
""")

# A strike is of a change: with one, those on its other copies go. A strike may outlive the rows of its commit.
TAKE_BACK = text("""
    DELETE FROM strikes WHERE season_id = :season_id AND (sha = ANY(CAST(:shas AS bytea[])) OR sha IN (
        SELECT l.sha FROM ledger o
        JOIN ledger l ON l.season_id = o.season_id AND l.player_id = o.player_id AND l.change = o.change
        WHERE o.season_id = :season_id AND o.sha = ANY(CAST(:shas AS bytea[]))
    ))
    RETURNING sha
""")

STRUCK = text("SELECT sha FROM strikes WHERE season_id = :season_id")

LIST = text("""
    SELECT encode(sha, 'hex') AS sha, reason, struck_by, at FROM strikes
    WHERE season_id = :season_id ORDER BY at DESC, sha LIMIT :limit
""")
