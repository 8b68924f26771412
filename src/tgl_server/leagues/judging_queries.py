"""The SQL that judges many stored commits at once; `scoring.judge` says what it must come to.

Days are divided as double precision: it holds whole seconds exactly, and is many times quicker than a function.
`OFFSET 0` keeps PostgreSQL from writing out an expression wherever its name stands, to compute it as often.
"""

from sqlalchemy import text

from tgl_server.leagues.models import VERDICT_CODES

_CODES = {verdict.name: code for verdict, code in VERDICT_CODES.items()}


def _floor_div(number: str, by: int) -> str:
    return f"CAST(floor(CAST({number} AS double precision) / {by}) AS bigint)"


def _second(moment: str) -> str:
    return f"CAST(floor(date_part('epoch', {moment})) AS bigint)"


def _day(second: str) -> str:
    return _floor_div(f"({second} + 60 * CAST(:offset AS bigint))", 86400)


_WEEK = _floor_div("(authored + 3)", 7)

# A title without the ` (#n)` of a forge, which few have.
_BARE = r"CASE WHEN title LIKE '% (#%)' THEN regexp_replace(title, ' \(#[0-9]+\)$', '') ELSE title END"

#: The first 64 bits of the hash of a bare title: `credit.title_key` in SQL.
TITLE_KEY = f"""
    CAST(CAST('x' || encode(substr(sha256(convert_to({_BARE}, 'UTF8')), 1, 8), 'hex') AS bit(64)) AS bigint)
"""

#: Another one, which is several times quicker and serves where keys are not kept.
PASSING_KEY = f"hashtextextended({_BARE}, 0)"

# Given are the season's repositories; the authors with what they are credited to; and the commits that name co-authors,
# each with its own, as whose work these are depends on all of them. One without a player is not credited yet.
_GIVEN = """
    given_repos AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:repo_ids AS uuid[]), CAST(:positions AS integer[]), CAST(:counts_from AS integer[]),
            CAST(:taken_in AS bigint[]), CAST(:trusted_until AS bigint[]), CAST(:is_landed AS boolean[])
        ) AS g (repo_id, position, counts_from, taken_in, trusted_until, is_landed)
    ), given_authors AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:emails AS text[]), CAST(:names AS text[]), CAST(:identity_ids AS uuid[]),
            CAST(:player_ids AS uuid[]), CAST(:are_bots AS boolean[]), CAST(:opted_out AS boolean[])
        ) AS g (email, name, identity_id, player_id, is_bot, opted_out)
    ), given_named AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:named_repo_ids AS uuid[]), CAST(:named_shas AS bytea[]), CAST(:named_identity_ids AS uuid[]),
            CAST(:named_player_ids AS uuid[]), CAST(:named_are_bots AS boolean[]),
            CAST(:named_opted_out AS boolean[]), CAST(:named_sharers AS text[])
        ) AS g (repo_id, sha, identity_id, player_id, is_bot, opted_out, sharers)
    )
"""

_SEEN = f"""
    SELECT c.repo_id, c.sha, c.ingested_at, c.additions, c.deletions, c.files_changed AS files, c.is_merge,
           c.message_title AS title,
           CAST(c.additions AS bigint) + c.deletions - coalesce(c.generated_additions, 0)
               - coalesce(c.generated_deletions, 0) AS lines,
           CASE WHEN n.sha IS NULL THEN a.identity_id ELSE n.identity_id END AS identity_id,
           CASE WHEN n.sha IS NULL THEN a.player_id ELSE n.player_id END AS player_id,
           CASE WHEN n.sha IS NULL THEN a.is_bot ELSE n.is_bot END AS is_bot,
           CASE WHEN n.sha IS NULL THEN a.opted_out ELSE n.opted_out END AS opted_out,
           CAST(coalesce(n.sharers, '{{}}') AS uuid[]) AS sharers,
           r.position, r.counts_from, r.taken_in, r.trusted_until, r.is_landed AND d.sha IS NULL AS not_landed,
           {_second("c.author_date")} AS authored_at, {_second("coalesce(d.at, c.ingested_at)")} AS came
    FROM given_repos r
    JOIN commits c ON c.repo_id = r.repo_id AND c.author_date >= :since
    LEFT JOIN given_authors a ON a.email = c.author_email AND a.name = c.author_name
    LEFT JOIN given_named n ON n.repo_id = c.repo_id AND n.sha = c.sha
    LEFT JOIN landed d ON r.is_landed AND d.repo_id = c.repo_id AND d.sha = c.sha
    OFFSET 0
"""  # noqa: S608 -- our own text

_DATED = f"""
    SELECT *, {_day("authored_at")} AS authored,
           CASE WHEN authored_at <= trusted_until THEN authored_at ELSE greatest(came, taken_in) END AS arrival
    FROM ({_SEEN}) seen WHERE player_id IS NOT NULL OFFSET 0
"""  # noqa: S608 -- our own text

_TIMED = f"""
    SELECT *, {_day("arrival")} AS arrived,
           CASE WHEN not_landed THEN {_CODES["NOT_LANDED"]}
                WHEN CAST(:as_written AS boolean) THEN {_CODES["COUNTED"]}
                WHEN authored > {_day("arrival")} THEN {_CODES["FUTURE"]}
                WHEN arrival < coalesce(
                    (CAST(:closes AS bigint[]))[{_WEEK} - CAST(:first_week AS integer) + 1],
                    (7 * ({_WEEK} + 1) - 3 + CAST(:grace_days AS integer)) * 86400 - 60 * CAST(:offset AS bigint)
                ) THEN {_CODES["COUNTED"]}
                WHEN CAST(:is_void AS boolean) THEN {_CODES["TOO_LATE"]}
                ELSE {_CODES["LATE"]} END AS timing
    FROM ({_DATED}) dated OFFSET 0
"""  # noqa: S608 -- our own text

# Late work keeps its weekday, unless that lies before the season.
_PLACED = f"""
    SELECT *,
           CASE WHEN timing IN ({_CODES["NOT_LANDED"]}, {_CODES["COUNTED"]}) THEN authored
                WHEN timing = {_CODES["LATE"]} AND arrived - (arrived - authored) % 7 >= CAST(:first_day AS integer)
                THEN arrived - (arrived - authored) % 7
                ELSE arrived END AS day
    FROM ({_TIMED}) timed OFFSET 0
"""  # noqa: S608 -- our own text


def judged(title_key: str) -> str:
    """The rows of given repositories' commits, without those that are not of the season."""
    return f"""
        WITH {_GIVEN}
        SELECT player_id, authored_at, sha, repo_id, identity_id, ingested_at AS arrived_at, {title_key} AS title_key,
               additions, deletions, files,
               CAST(least(:line_cap, greatest(0, lines)) AS integer) AS value, CAST(day AS integer) AS day, position,
               CAST(CASE WHEN authored < counts_from THEN {_CODES["BEFORE_REPO"]}
                         WHEN is_merge THEN {_CODES["MERGE"]}
                         WHEN opted_out THEN {_CODES["OPTED_OUT"]}
                         WHEN is_bot THEN {_CODES["BOT"]}
                         WHEN files = 0 THEN {_CODES["EMPTY"]}
                         WHEN starts_with(title, 'Revert "') OR starts_with(title, 'Reapply "') THEN {_CODES["REVERT"]}
                         WHEN day > CAST(:last_day AS integer) THEN {_CODES["TOO_LATE"]}
                         ELSE timing END AS smallint) AS own,
               sharers
        FROM ({_PLACED}) placed
        WHERE day >= CAST(:first_day AS integer) AND authored >= least(counts_from, CAST(:first_day AS integer))
          AND (day <= CAST(:last_day AS integer) OR authored <= CAST(:last_day AS integer))
    """  # noqa: S608 -- our own text


# Into a season's ledger, which has no rows of these repositories.
INSERT_JUDGED = text(f"""
    INSERT INTO ledger (season_id, player_id, authored_at, sha, repo_id, identity_id, arrived_at, title_key,
                        additions, deletions, files, value, day, position, own, verdict, change, sharers)
    SELECT CAST(:season_id AS uuid), player_id, authored_at, sha, repo_id, identity_id, arrived_at, title_key,
           additions, deletions, files, value, day, position, own, own, sha, sharers
    FROM ({judged(TITLE_KEY)}) judged ORDER BY player_id, authored_at, sha, repo_id
""")  # noqa: S608 -- our own text

PLAYERS_OF_REPOS = text("""
    SELECT DISTINCT player_id FROM ledger WHERE season_id = :season_id AND repo_id = ANY(CAST(:repo_ids AS uuid[]))
""")

AUTHORS = text("""
    SELECT DISTINCT author_email, author_name FROM commits
    WHERE repo_id = ANY(CAST(:repo_ids AS uuid[])) AND author_date >= :since
""")

# Bodies are long and few have trailers.
NAMING = text("""
    SELECT repo_id, sha, author_email, author_name, message_body FROM commits
    WHERE repo_id = ANY(CAST(:repo_ids AS uuid[])) AND author_date >= :since
      AND message_body ILIKE '%co-authored-by:%'
""")
