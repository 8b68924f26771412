"""The SQL of one's own points of today."""

from sqlalchemy import text

# The day of each season by its league's clock, for a player who takes part: has an identity, and is not hidden.
TODAY = text("""
    SELECT l.slug, s.number, t.day, CAST(r.document AS text) AS document,
           coalesce(d.points, 0) AS points, coalesce(d.changes, 0) AS changes, coalesce(d.value, 0) AS value,
           EXISTS (
               SELECT FROM league_repos b JOIN follower_marks m ON m.repo_id = b.repo_id AND m.follower = :follower
               JOIN repo_states g ON g.repo_id = b.repo_id AND g.ingest_seq > m.seq
               WHERE b.league_id = l.id AND (CAST(:repo_id AS uuid) IS NULL OR b.repo_id = :repo_id)
           ) AS is_behind
    FROM leagues l
    JOIN seasons s ON s.league_id = l.id AND s.state IN ('open', 'closing')
    JOIN rules r ON r.league_id = l.id AND r.version = s.rules_version
    JOIN players p ON p.user_id = :user_id AND p.visibility <> 'hidden'
    CROSS JOIN LATERAL (
        SELECT CAST(floor_div(
            CAST(floor(extract(epoch FROM now())) AS bigint)
            + 60 * CAST(r.document ->> 'day_offset_minutes' AS bigint), 86400
        ) AS integer) AS day
    ) t
    LEFT JOIN player_days d ON d.season_id = s.id AND d.player_id = p.id AND d.day = t.day
    WHERE (CAST(:league_id AS uuid) IS NULL OR l.id = :league_id)
      AND (CAST(:repo_id AS uuid) IS NULL
           OR EXISTS (SELECT FROM league_repos b WHERE b.league_id = l.id AND b.repo_id = :repo_id))
      AND t.day - (s.starts - DATE '1970-01-01') BETWEEN 0 AND 7 * s.weeks - 1
      AND EXISTS (SELECT FROM identities i WHERE i.player_id = p.id)
    ORDER BY l.slug
""")
