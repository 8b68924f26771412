"""The SQL that reads stored commits for scoring, and that finds where the ledger does not have what it must."""

from sqlalchemy import text

from tgl_server.leagues.terms import COLUMNS

_READ = ", ".join(f"c.{name}" for name in ("sha", *COLUMNS))

# Of the commits of a repository only those that an open season may have are wanted; a day early, as the league's day
# is not that of UTC.
IS_WANTED = """
    EXISTS (
        SELECT FROM league_repos r JOIN seasons s ON s.league_id = r.league_id AND s.state IN ('open', 'closing')
        WHERE r.repo_id = c.repo_id AND c.author_date
              >= CAST(least(r.counts_from, s.starts) AS timestamp) AT TIME ZONE 'UTC' - interval '1 day'
    )
"""

COMMITS_SINCE = text(f"""
    SELECT {_READ} FROM commits c WHERE c.repo_id = :repo_id AND c.author_date >= :since
""")  # noqa: S608 -- our own text

# For trying rules on weeks that no league has witnessed: the committer's date stands for the arrival.
COMMITS_AS_COMMITTED = text(f"""
    SELECT {_READ.replace("c.ingested_at", "least(c.ingested_at, c.commit_date) AS ingested_at")}
    FROM commits c WHERE c.repo_id = :repo_id AND c.author_date >= :since
""")  # noqa: S608 -- our own text

COMMITS_OF_SHAS = text(f"""
    SELECT {_READ} FROM commits c
    WHERE c.repo_id = :repo_id AND c.sha = ANY(CAST(:shas AS bytea[])) AND c.author_date >= :since
""")  # noqa: S608 -- our own text

COMMITS_OF_AUTHORS = text(f"""
    SELECT {_READ} FROM unnest(CAST(:emails AS text[]), CAST(:names AS text[])) AS g (email, name)
    JOIN commits c ON c.repo_id = :repo_id AND c.author_email = g.email AND c.author_name = g.name
    WHERE c.author_date >= :since
""")  # noqa: S608 -- our own text

DELETE_SEASON = tuple(
    text(f"DELETE FROM {table} WHERE season_id = :season_id")  # noqa: S608 -- our own names
    for table in ("ledger", "ledger_shares", "ledger_named", "player_days", "player_weeks", "standings")
)

PLAYERS = text("SELECT DISTINCT player_id FROM ledger WHERE season_id = :season_id ORDER BY player_id")

# For sums over a whole season; the server's own setting is for many small statements.
MORE_MEMORY = text("SET LOCAL work_mem = '128MB'")

# A long fold right after filling is planned for an empty table without it.
ANALYZE = text("ANALYZE ledger")

LEAGUES_WITHOUT = text("DELETE FROM league_repos WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

# The repositories whose commits written within an open season are not those of its ledger. One statement, and so of one
# moment. What arrived before the season began, though it is dated in it, has its day before the season.
FIND_WRONG = text("""
    WITH scored AS (
        SELECT s.id AS season_id, r.repo_id, r.taken_in, r.dates_trusted_until,
               CAST(s.starts AS timestamp) AT TIME ZONE 'UTC'
                   - CAST(d.document ->> 'day_offset_minutes' AS integer) * interval '1 minute' AS starts,
               s.weeks * interval '7 days' AS lasts, d.document ->> 'dates' = 'as_written' AS as_written
        FROM seasons s JOIN league_repos r USING (league_id)
        JOIN rules d ON d.league_id = s.league_id AND d.version = s.rules_version
        WHERE s.state IN ('open', 'closing')
    ), marks AS (
        SELECT m.repo_id, m.seq = s.ingest_seq AS is_current
        FROM follower_marks m JOIN repo_states s ON s.repo_id = m.repo_id WHERE m.follower = :follower
    ), stored AS (
        SELECT s.season_id, c.repo_id, c.sha, true AS is_stored
        FROM scored s JOIN commits c ON c.repo_id = s.repo_id
        WHERE c.author_date >= s.starts AND c.author_date < s.starts + s.lasts
          AND (s.as_written OR c.author_date <= s.dates_trusted_until
               OR greatest(c.ingested_at, s.taken_in) >= s.starts)
    ), held AS (
        SELECT l.season_id, l.repo_id, l.sha, true AS is_held,
               EXISTS (SELECT FROM commits c WHERE c.repo_id = l.repo_id AND c.sha = l.sha) AS has_commit
        FROM ledger l JOIN seasons s ON s.id = l.season_id AND s.state IN ('open', 'closing')
    )
    SELECT DISTINCT repo_id FROM stored FULL JOIN held USING (season_id, repo_id, sha) LEFT JOIN marks USING (repo_id)
    WHERE (is_held IS NULL OR is_stored IS NULL AND NOT has_commit)
      AND (marks.is_current OR is_held AND NOT EXISTS (SELECT FROM repos WHERE repos.id = repo_id))
    ORDER BY repo_id
""")
