"""The SQL that reads the sums; each answer is one statement."""

from functools import cache

from sqlalchemy import TextClause, text

from tgl_protocol.activity import ActivityUnit, ContributorOrder
from tgl_server.activity.tables import SUMS, summed

_SUMS = ", ".join(SUMS)
_IN_RANGE = "repo_id = :repo_id AND {day} >= :since AND {day} < :until"

# The periods that have a row, by their first day.
PERIODS: dict[ActivityUnit, TextClause] = {
    ActivityUnit.DAY: text(f"SELECT day AS start, {_SUMS} FROM repo_days WHERE {_IN_RANGE.format(day='day')}"),  # noqa: S608
    ActivityUnit.WEEK: text(f"SELECT week AS start, {_SUMS} FROM repo_weeks WHERE {_IN_RANGE.format(day='week')}"),  # noqa: S608
    ActivityUnit.MONTH: text(f"""
        SELECT CAST(date_trunc('month', CAST(day AS timestamp)) AS date) AS start, {summed("d")}
        FROM repo_days d WHERE {_IN_RANGE.format(day="day")} GROUP BY 1
    """),  # noqa: S608 -- our own text
}

# Whole numbers, so that a cursor holds one.
_KEYS = {
    ContributorOrder.COMMITS: "commits",
    ContributorOrder.LINES: "additions + deletions",
    ContributorOrder.DAYS: "days",
    ContributorOrder.RECENT: "last_day - DATE '0001-01-01'",
}


# The addresses of the repository that are in its sums, with the person of each: a player, or the address itself as long
# as nobody has made its player. An address that several share is told apart by the names of its commits. A person with
# several identities has days in common among them, which have to be counted by the day.
_WHO = """
    who AS MATERIALIZED (
        SELECT t.author_email, i.player_id, coalesce(CAST(i.player_id AS text), t.author_email) AS person,
               EXISTS (SELECT FROM identities e WHERE e.email = t.author_email AND e.name <> '') AS is_shared,
               (SELECT count(*) FROM identities o WHERE o.player_id = i.player_id) > 1 AS is_joined
        FROM author_totals t LEFT JOIN identities i ON i.email = t.author_email AND i.name = ''
        WHERE t.repo_id = :repo_id
    )
"""

# The names that a person goes by: of an account its own, of a player whom somebody named theirs, else that of the last
# commit. Whoever is hidden or erased has no row, but for themselves.
_NAMED = """
    SELECT c.*, p.state, p.visibility, p.shown_name,
           CASE WHEN p.visibility <> 'shown' OR p.state = 'erased' THEN '' ELSE c.email END || ' ' || c.person AS tie,
           p.user_id IS NOT DISTINCT FROM CAST(:viewer AS uuid)
               AND p.user_id IS NOT NULL AS is_viewer,
           CASE WHEN u.display_name <> u.email THEN u.display_name
                WHEN u.id IS NULL AND p.is_named THEN p.name END AS called
    FROM ({counted}) c LEFT JOIN players p ON p.id = c.player_id LEFT JOIN users u ON u.id = p.user_id
"""
_IS_SEEN = "is_viewer OR (visibility IS DISTINCT FROM 'hidden' AND state IS DISTINCT FROM 'erased')"


@cache
def contributors(order: ContributorOrder, *, is_all_time: bool, has_merges: bool) -> TextClause:
    """A page of persons by rank and then by address or player, after `:after_key` and `:after_tie`.

    All of the period have to be ranked to know the rank of one; addresses and names are looked up for the page alone.
    """
    counted = _of_all_time(has_merges) if is_all_time else _of_period(has_merges)
    return text(f"""
        WITH {_WHO}, page AS (
            SELECT * FROM (
                SELECT *, rank() OVER (ORDER BY key DESC) AS rank
                FROM (
                    SELECT *, CAST({_KEYS[order]} AS bigint) AS key FROM ({_NAMED.format(counted=counted)}) named
                    WHERE {_IS_SEEN}
                ) keyed
                WHERE commits > 0
            ) ranked
            WHERE CAST(:after_key AS bigint) IS NULL OR key < :after_key
               OR key = :after_key AND tie > CAST(:after_tie AS text)
            ORDER BY key DESC, tie LIMIT :limit
        )
        SELECT p.*, a.emails, coalesce(p.called, a.author_name, '') AS author_name FROM page p
        LEFT JOIN LATERAL (
            SELECT array_agg(o.email ORDER BY o.last_at DESC NULLS LAST, o.email) AS emails,
                   (array_agg(o.author_name ORDER BY o.last_at DESC NULLS LAST, o.email))[1] AS author_name
            FROM (
                SELECT w.author_email AS email, t.author_name, t.last_at
                FROM who w JOIN author_totals t ON t.repo_id = :repo_id AND t.author_email = w.author_email
                WHERE w.person = p.person AND NOT w.is_shared
                UNION ALL
                SELECT i.email, i.name, NULL FROM identities i JOIN who w ON w.author_email = i.email
                WHERE i.player_id = p.player_id AND w.is_shared
            ) o
        ) a ON true
        ORDER BY p.key DESC, p.tie
    """)  # noqa: S608 -- our own text


# Conditions on a day.
_IN_PERIOD = "{day} >= :since AND {day} <= :today"
_LINES = SUMS[2:]


def _of_all_time(has_merges: bool) -> str:
    """Persons with one address from their totals, and the others by the day."""
    days = (
        "all_days AS days, all_first_day AS first_day, CAST(last_at AT TIME ZONE 'UTC' AS date) AS last_day"
        if has_merges
        else "days, first_day, last_day"
    )
    return f"""
        SELECT w.player_id, w.person, w.author_email AS email, {_commits(has_merges)} AS commits,
               {", ".join(f"d.{name}" for name in _LINES)},
               {days}
        FROM author_totals d JOIN who w USING (author_email)
        WHERE d.repo_id = :repo_id AND NOT w.is_shared AND NOT w.is_joined
        UNION ALL
        {_grouped(_days(has_merges, "w.is_joined", "{day} IS NOT NULL"))}
    """  # noqa: S608 -- our own text


def _of_period(has_merges: bool) -> str:
    """Persons with one address by that address, and the others by the day.

    Whole months have rows of their own, as the days of 400 authors in a year are 146,000 rows; and grouping before
    persons are looked up costs a third of grouping after.
    """
    of_months = "all_days, all_first_day, all_last_day" if has_merges else "days, first_day, last_day"
    return f"""
        SELECT w.player_id, w.person, w.author_email AS email, g.commits, {", ".join(f"g.{name}" for name in _LINES)},
               g.days, g.first_day, g.last_day
        FROM (
            SELECT author_email, CAST(sum(commits) AS bigint) AS commits, {_summed_lines("")},
                   CAST(sum(days) AS bigint) AS days, min(first_day) AS first_day, max(last_day) AS last_day
            FROM (
                SELECT author_email, {_commits(has_merges)} AS commits, {", ".join(_LINES)}, 1, day, day
                FROM author_days d
                WHERE repo_id = :repo_id AND {_IN_PERIOD.format(day="day")}
                  AND (day < :first_month OR day >= :this_month) AND {_commits(has_merges)} > 0
                UNION ALL
                SELECT author_email, {_commits(has_merges)}, {", ".join(_LINES)}, {of_months} FROM author_months d
                WHERE repo_id = :repo_id AND month >= :first_month AND month < :this_month
                  AND {_commits(has_merges)} > 0
            ) parts (author_email, commits, {", ".join(_LINES)}, days, first_day, last_day)
            GROUP BY author_email
        ) g JOIN who w USING (author_email)
        WHERE NOT w.is_shared AND NOT w.is_joined
        UNION ALL
        {_grouped(_days(has_merges, "w.is_joined", _IN_PERIOD))}
    """  # noqa: S608 -- our own text


def _summed_lines(table: str) -> str:
    return ", ".join(f"CAST(sum({table}{name}) AS bigint) AS {name}" for name in _LINES)


def _grouped(days: str) -> str:
    return f"""
        SELECT player_id, person, min(email) AS email, CAST(sum(commits) AS bigint) AS commits, {_summed_lines("")},
               count(DISTINCT day) AS days, min(day) AS first_day, max(day) AS last_day
        FROM ({days}) day_rows WHERE commits > 0 GROUP BY player_id, person
    """  # noqa: S608 -- our own text


def _days(has_merges: bool, which: str, when: str) -> str:
    """The days of persons: from the sums by address, and for shared addresses from the commits, by their names."""
    of_commits = ", ".join(f"coalesce(sum(c.{name}) FILTER (WHERE NOT c.is_merge), 0) AS {name}" for name in _LINES)
    counted = "count(*)" if has_merges else "count(*) FILTER (WHERE NOT c.is_merge)"
    written = "CAST(c.author_date AT TIME ZONE 'UTC' AS date)"
    return f"""
        SELECT w.player_id, w.person, d.author_email AS email, d.day, {_commits(has_merges)} AS commits,
               {", ".join(f"d.{name}" for name in _LINES)}
        FROM author_days d JOIN who w USING (author_email)
        WHERE d.repo_id = :repo_id AND NOT w.is_shared AND {which} AND {when.format(day="d.day")}
        UNION ALL
        SELECT coalesce(i.player_id, o.player_id),
               coalesce(CAST(coalesce(i.player_id, o.player_id) AS text), c.author_email || ' ' || c.author_name),
               c.author_email, {written}, {counted}, {of_commits}
        FROM commits c JOIN who w USING (author_email)
        LEFT JOIN identities i ON i.email = c.author_email AND i.name = c.author_name
        LEFT JOIN identities o ON o.email = c.author_email AND o.name = ''
        WHERE c.repo_id = :repo_id AND w.is_shared AND {when.format(day=written)} GROUP BY 1, 2, 3, 4
    """  # noqa: S608 -- our own text


def _commits(has_merges: bool) -> str:
    return "d.commits + d.merges" if has_merges else "d.commits"
