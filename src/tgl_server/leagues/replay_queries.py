"""The SQL that reads what a replay is compared with."""

from sqlalchemy import text

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.judging_queries import PASSING_KEY, judged
from tgl_server.leagues.models import VERDICT_CODES
from tgl_server.leagues.queries import COUNTS, sharing_traits

_STRUCK = VERDICT_CODES[CommitVerdict.STRUCK]

# All statements of a check see one moment. What they write is a table of their own.
ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

# The season as it is computed, beside the verdict that is stored; a side is null where there is no row.
MAKE_REPLAYED = text("""
    CREATE TEMPORARY TABLE replayed (
        player_id uuid, authored_at bigint, sha bytea, position integer, title_key bigint, additions integer,
        deletions integer, files integer, value integer, day integer, own smallint, sharers uuid[],
        verdict smallint, stored smallint, is_held boolean
    ) ON COMMIT DROP
""")

_KEY = "player_id, authored_at, sha, repo_id"
_TAKEN = "title_key", "additions", "deletions", "files", "value", "day", "own", "sharers"
# In a sealed week, and not because of a strike, which may be taken back.
_IS_HELD = f"(l.is_sealed AND l.verdict <> {_STRUCK})"

REPLAY_COMMITS = text(f"""
    INSERT INTO replayed
    SELECT player_id, authored_at, sha, coalesce(j.position, l.position), {", ".join(f"j.{name}" for name in _TAKEN)},
           CASE WHEN {_IS_HELD} AND j.own IS NOT NULL THEN l.verdict ELSE j.own END, l.verdict,
           coalesce({_IS_HELD}, false)
    FROM ({judged(PASSING_KEY)}) j
    FULL JOIN (SELECT * FROM ledger WHERE season_id = :season_id) l USING ({_KEY})
""")  # noqa: S608 -- our own text

REPLAY_LEDGER = text(f"""
    INSERT INTO replayed
    SELECT player_id, authored_at, sha, position, {", ".join(_TAKEN)},
           CASE WHEN {_IS_HELD} THEN verdict ELSE own END, verdict, {_IS_HELD}
    FROM ledger l WHERE season_id = :season_id
""")  # noqa: S608 -- our own text

# What may be a copy, or was struck. All others are decided by themselves.
DOUBTFUL = text(f"""
    SELECT player_id, sha, position, authored_at, title_key, additions, deletions, files, day, own, stored, is_held,
           EXISTS (SELECT FROM strikes s WHERE s.season_id = :season_id AND s.sha = l.sha) AS is_struck
    FROM replayed l
    WHERE {sharing_traits("replayed", "l.own IS NOT NULL")}
       OR l.own IS NOT NULL AND l.sha IN (SELECT sha FROM strikes WHERE season_id = :season_id)
    ORDER BY player_id
""")  # noqa: S608 -- our own text

DECIDE = text("""
    UPDATE replayed r SET verdict = g.verdict
    FROM unnest(CAST(:player_id AS uuid[]), CAST(:sha AS bytea[]), CAST(:position AS integer[]),
                CAST(:verdict AS smallint[])) AS g (player_id, sha, position, verdict)
    WHERE r.player_id = g.player_id AND r.sha = g.sha AND r.position = g.position AND r.own IS NOT NULL
""")

COUNT = text("SELECT count(*) FROM replayed WHERE own IS NOT NULL")

COUNTED = text(f"""
    SELECT player_id, position, sha, authored_at, title_key, additions, deletions, files, day, own, value, sharers
    FROM replayed WHERE verdict >= {COUNTS}
""")  # noqa: S608 -- our own number

DIFFERENT = text("""
    SELECT player_id, sha, position, stored, verdict FROM replayed
    WHERE stored IS DISTINCT FROM verdict ORDER BY player_id, sha, position
""")

# What days come to: changes and values of their own, and parts in changes of others.
SUMS = text(f"""
    SELECT player_id, day, CAST(sum(changes) AS integer) AS changes, CAST(sum(value) AS bigint) AS value
    FROM (
        SELECT player_id, day, 1 AS changes,
               value - cardinality(sharers) * (value / (cardinality(sharers) + 1)) AS value
        FROM replayed WHERE verdict >= {COUNTS}
        UNION ALL
        SELECT u.sharer, day, 0, value / (cardinality(sharers) + 1)
        FROM replayed CROSS JOIN LATERAL unnest(sharers) AS u (sharer)
        WHERE sharers <> '{{}}' AND verdict >= {COUNTS} AND value > cardinality(sharers)
    ) each GROUP BY player_id, day ORDER BY player_id, day
""")  # noqa: S608 -- our own text

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
