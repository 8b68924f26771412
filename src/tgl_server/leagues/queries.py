"""The SQL of scoring: what is computed of sets. `scoring.py` and `reference.py` say what it must come to.

Everything happens under the lock of the season's row, so nobody else writes these rows meanwhile.
"""

from sqlalchemy import text

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.models import VERDICT_CODES

#: Verdicts from here on count.
COUNTS = VERDICT_CODES[CommitVerdict.FUTURE]
_STRUCK = VERDICT_CODES[CommitVerdict.STRUCK]
_COPY = VERDICT_CODES[CommitVerdict.COPY]
_NEVER_COPIES = ", ".join(
    str(VERDICT_CODES[verdict])
    for verdict in (CommitVerdict.MERGE, CommitVerdict.BOT, CommitVerdict.EMPTY, CommitVerdict.REVERT)
)
IS_COMPARABLE = f"own NOT IN ({_NEVER_COPIES})"

# In one order, as two may score repositories of the same leagues at once.
LOCK_SEASONS = text("""
    SELECT s.id FROM seasons s
    WHERE s.state IN ('open', 'closing')
      AND s.league_id IN (SELECT league_id FROM league_repos WHERE repo_id = ANY(CAST(:repo_ids AS uuid[])))
    ORDER BY s.id FOR NO KEY UPDATE OF s
""")

SEASON = text("""
    SELECT s.id, s.league_id, s.number, s.starts, s.weeks, s.begun, s.sealed, s.state, r.sha256,
           CAST(r.document AS text) AS document,
           ARRAY(SELECT closes_at FROM season_weeks w WHERE w.season_id = s.id ORDER BY week) AS closes
    FROM seasons s JOIN rules r ON r.league_id = s.league_id AND r.version = s.rules_version
    WHERE s.id = :season_id
""")

REPOS = text("""
    SELECT r.repo_id, r.position, r.counts_from, r.taken_in, r.dates_trusted_until,
           coalesce(c.counting, 'pushed') AS counting
    FROM league_repos r LEFT JOIN season_repos c ON c.season_id = :season_id AND c.repo_id = r.repo_id
    WHERE r.league_id = :league_id ORDER BY r.position
""")

# Fixed once: what is landed counts where the rules say so, and both the default branch and parents are known.
FIX_COUNTING = text("""
    INSERT INTO season_repos (season_id, repo_id, counting)
    SELECT s.id, r.repo_id, CASE WHEN d.document ->> 'counting' = 'landed' AND EXISTS (
        SELECT FROM ref_updates u JOIN commits c ON c.repo_id = u.repo_id AND c.sha = u.sha
        WHERE u.repo_id = r.repo_id AND (c.parents IS NOT NULL OR c.parent_count = 0)
    ) THEN 'landed' ELSE 'pushed' END
    FROM seasons s JOIN league_repos r USING (league_id)
    JOIN rules d ON d.league_id = s.league_id AND d.version = s.rules_version
    WHERE s.id = :season_id ORDER BY r.repo_id
    ON CONFLICT (season_id, repo_id) DO NOTHING
""")

_INSERT = """
    INSERT INTO ledger (season_id, player_id, authored_at, sha, repo_id, identity_id, arrived_at, title_key,
                        additions, deletions, files, value, day, position, own, verdict, change, sharers)
    SELECT CAST(:season_id AS uuid), g.player_id, g.authored_at, g.sha, CAST(:repo_id AS uuid), g.identity_id,
           g.arrived_at, g.title_key, g.additions, g.deletions, g.files, g.value, g.day, CAST(:position AS integer),
           g.own, g.own, g.sha, CAST(g.sharers AS uuid[])
    FROM unnest(
        CAST(:player_id AS uuid[]), CAST(:authored_at AS bigint[]), CAST(:sha AS bytea[]),
        CAST(:identity_id AS uuid[]), CAST(:arrived_at AS timestamptz[]), CAST(:title_key AS bigint[]),
        CAST(:additions AS integer[]), CAST(:deletions AS integer[]), CAST(:files AS integer[]),
        CAST(:value AS integer[]), CAST(:day AS integer[]), CAST(:own AS smallint[]),
        CAST(:sharers AS text[])
    ) AS g (player_id, authored_at, sha, identity_id, arrived_at, title_key, additions, deletions, files, value, day,
            own, sharers)
    ORDER BY g.player_id, g.authored_at, g.sha
    ON CONFLICT (season_id, player_id, authored_at, sha, repo_id)
"""

INSERT = text(f"{_INSERT} DO NOTHING")

# What has not landed is in the ledger too, and counts nowhere; when it lands it has another day and verdict.
INSERT_LANDED = text(f"""
    {_INSERT} DO UPDATE SET own = EXCLUDED.own, verdict = EXCLUDED.own, day = EXCLUDED.day,
        is_sealed = false
    WHERE (ledger.own, ledger.day) IS DISTINCT FROM (EXCLUDED.own, EXCLUDED.day)
""")

_SIZE = "additions", "deletions", "files"
_PAIRS = ("authored_at", "title_key"), ("authored_at", *_SIZE), ("title_key", *_SIZE)
_TRAITS = "l.player_id, l.change, l.authored_at, l.title_key, l.additions, l.deletions, l.files"


def _alike(pair: tuple[str, ...]) -> str:
    same = " AND ".join(f"l.{name} = g.{name}" for name in ("player_id", *pair))
    return f"""
        SELECT {_TRAITS} FROM given g JOIN ledger l ON l.season_id = :season_id AND {same} WHERE l.{IS_COMPARABLE}
    """  # noqa: S608 -- our own text


# The rows that share a pair of traits with given ones, by the index of title and size, and by the key: seconds differ.
ALIKE = text(f"""
    WITH given AS MATERIALIZED (
        SELECT DISTINCT * FROM unnest(
            CAST(:player_id AS uuid[]), CAST(:authored_at AS bigint[]), CAST(:title_key AS bigint[]),
            CAST(:additions AS integer[]), CAST(:deletions AS integer[]), CAST(:files AS integer[])
        ) AS g (player_id, authored_at, title_key, additions, deletions, files)
    )
    {"UNION".join(map(_alike, _PAIRS))}
""")  # noqa: S608 -- our own text

# Some changes turned out to be one with another.
JOIN_CHANGES = text(f"""
    UPDATE ledger l SET change = g.joined
    FROM unnest(CAST(:player_id AS uuid[]), CAST(:change AS bytea[]), CAST(:joined AS bytea[]))
         AS g (player_id, change, joined)
    WHERE l.season_id = :season_id AND l.player_id = g.player_id AND l.change = g.change AND l.{IS_COMPARABLE}
""")  # noqa: S608 -- our own text


# 64 bits of each pair of traits, which are the same where the pair is; a few others that agree do no harm.
_SIZE_BITS = "((CAST(l.additions AS bigint) << 16) # (CAST(l.deletions AS bigint) << 4) # l.files)"
_PAIR_BITS = (
    "(l.authored_at # l.title_key)",
    f"((l.authored_at << 30) # {_SIZE_BITS})",
    f"(l.title_key # {_SIZE_BITS})",
)


def sharing_traits(table: str, which: str) -> str:
    """The condition for rows that share a pair of traits with another: all that may be copies are among them.

    One hash of each pair finds them in a few passes over the table, without sorting it.
    """
    own = f"{which} AND l.{IS_COMPARABLE}"
    some = "SELECT {bits} FROM {table} l WHERE {own} GROUP BY 1 HAVING count(*) > 1"
    shared = (f"{bits} IN ({some.format(bits=bits, table=table, own=own)})" for bits in _PAIR_BITS)
    return f"({own} AND ({' OR '.join(shared)}))"


# Those rows of some players whose changes are to be named anew.
_OF_PLAYERS = "l.season_id = :season_id AND l.player_id = ANY(CAST(:player_ids AS uuid[]))"
COMPARABLE = text(f"""
    SELECT {_TRAITS}, l.sha FROM ledger l
    WHERE {sharing_traits("ledger", _OF_PLAYERS)} OR ({_OF_PLAYERS} AND l.{IS_COMPARABLE} AND l.change <> l.sha)
    ORDER BY l.player_id
""")  # noqa: S608 -- our own text

NAME_CHANGES = text(f"""
    UPDATE ledger l SET change = g.change
    FROM unnest(CAST(:player_id AS uuid[]), CAST(:sha AS bytea[]), CAST(:change AS bytea[]))
         AS g (player_id, sha, change)
    WHERE l.season_id = :season_id AND l.player_id = g.player_id AND l.sha = g.sha AND l.{IS_COMPARABLE}
""")  # noqa: S608 -- our own text

# In a sealed week, and not because of a strike, which may be taken back.
_IS_HELD = f"(l.is_sealed AND l.verdict <> {_STRUCK})"

GIVEN_CHANGES = """
    SELECT DISTINCT * FROM unnest(CAST(:player_id AS uuid[]), CAST(:change AS bytea[])) AS g (player_id, change)
"""
# All others are decided by themselves already.
_DOUBTFUL_CHANGES = """
    SELECT player_id, change FROM ledger
    WHERE season_id = :season_id AND player_id = ANY(CAST(:player_ids AS uuid[]))
    GROUP BY player_id, change HAVING count(*) > 1 OR bool_or(verdict <> own)
    UNION SELECT l.player_id, l.change FROM strikes s JOIN ledger l ON l.season_id = s.season_id AND l.sha = s.sha
    WHERE s.season_id = :season_id AND l.player_id = ANY(CAST(:player_ids AS uuid[]))
"""


def _decide(changes: str) -> str:
    """Of the copies of a change that count one does, and none of a change that was struck; what differs is written.

    Verdicts in sealed weeks stay, and where one of them counts no other copy does.
    """
    return f"""
        WITH touched AS MATERIALIZED ({changes}), placed AS (
            SELECT l.player_id, l.authored_at, l.sha, l.repo_id, l.own, {_IS_HELD} AS is_held, l.verdict,
                   bool_or(s.sha IS NOT NULL) OVER (PARTITION BY l.player_id, l.change) AS is_struck,
                   bool_or({_IS_HELD} AND l.verdict >= {COUNTS}) OVER (PARTITION BY l.player_id, l.change)
                   AS counts_already,
                   row_number() OVER (
                       PARTITION BY l.player_id, l.change, l.own >= {COUNTS} AND NOT {_IS_HELD}
                       ORDER BY l.day, CAST(l.additions AS bigint) + l.deletions DESC, l.position, l.sha
                   ) AS place
            FROM touched t
            JOIN ledger l ON l.season_id = :season_id AND l.player_id = t.player_id AND l.change = t.change
            LEFT JOIN strikes s ON s.season_id = :season_id AND s.sha = l.sha
        ), decided AS (
            SELECT player_id, authored_at, sha, repo_id,
                   CASE WHEN is_struck THEN {_STRUCK} WHEN is_held THEN verdict
                        WHEN own >= {COUNTS} AND (counts_already OR place > 1) THEN {_COPY} ELSE own END AS verdict
            FROM placed
        )
        UPDATE ledger l SET verdict = d.verdict FROM decided d
        WHERE l.season_id = :season_id AND l.player_id = d.player_id AND l.authored_at = d.authored_at
          AND l.sha = d.sha AND l.repo_id = d.repo_id AND l.verdict <> d.verdict
    """  # noqa: S608 -- our own text


DECIDE = text(_decide(GIVEN_CHANGES))
DECIDE_ALL = text(_decide(_DOUBTFUL_CHANGES))

DAYS_OF_CHANGES = text(f"""
    SELECT DISTINCT l.player_id, l.day
    FROM ({GIVEN_CHANGES}) t
    JOIN ledger l ON l.season_id = :season_id AND l.player_id = t.player_id AND l.change = t.change
""")  # noqa: S608 -- our own text

# Before copies of a change go, what is left of it is to be decided again, sealed or not.
_UNSEAL = """
    UPDATE ledger l SET is_sealed = false FROM ledger o
    WHERE o.season_id = :season_id AND {which} AND l.season_id = o.season_id AND l.player_id = o.player_id
      AND l.change = o.change AND l.is_sealed
"""
UNSEAL_OF_REPOS = text(_UNSEAL.format(which="o.repo_id = ANY(CAST(:repo_ids AS uuid[]))"))
UNSEAL_OF_IDENTITIES = text(
    _UNSEAL.format(
        which="o.player_id = ANY(CAST(:player_ids AS uuid[])) AND o.identity_id = ANY(CAST(:identity_ids AS uuid[]))"
    )
)

# The rows of deleted commits, or of authors who are credited to others.
DELETE_OF_REPOS = text("""
    DELETE FROM ledger WHERE season_id = :season_id AND repo_id = ANY(CAST(:repo_ids AS uuid[])) RETURNING player_id
""")

DELETE_OF_IDENTITIES = text("""
    DELETE FROM ledger WHERE season_id = :season_id AND player_id = ANY(CAST(:player_ids AS uuid[]))
      AND identity_id = ANY(CAST(:identity_ids AS uuid[]))
    RETURNING player_id
""")

# A strike is of a change: before one of its copies goes, the others get it too.
SPREAD_STRIKES = text("""
    INSERT INTO strikes (season_id, sha, reason, struck_by, at)
    SELECT DISTINCT ON (l.sha) s.season_id, l.sha, s.reason, s.struck_by, s.at
    FROM strikes s
    JOIN ledger o ON o.season_id = s.season_id AND o.sha = s.sha
    JOIN ledger l ON l.season_id = s.season_id AND l.player_id = o.player_id AND l.change = o.change
    WHERE s.season_id = :season_id
    ORDER BY l.sha, s.at, s.sha
    ON CONFLICT (season_id, sha) DO NOTHING
""")
