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


@cache
def contributors(order: ContributorOrder, *, is_all_time: bool, has_merges: bool) -> TextClause:
    """A page of contributors by rank and then by address, after `:after_key` and `:after_email`.

    All of the period have to be ranked to know the rank of one; names are looked up for the page alone.
    """
    counted = _of_all_time(has_merges) if is_all_time else _of_period(has_merges)
    return text(f"""
        WITH page AS (
            SELECT * FROM (
                SELECT *, rank() OVER (ORDER BY key DESC) AS rank
                FROM (SELECT *, CAST({_KEYS[order]} AS bigint) AS key FROM ({counted}) counted) keyed
                WHERE commits > 0
            ) ranked
            WHERE CAST(:after_key AS bigint) IS NULL OR key < :after_key
               OR key = :after_key AND author_email > CAST(:after_email AS text)
            ORDER BY key DESC, author_email LIMIT :limit
        )
        SELECT p.*, t.author_name FROM page p
        JOIN author_totals t ON t.repo_id = :repo_id AND t.author_email = p.author_email
        ORDER BY p.key DESC, p.author_email
    """)  # noqa: S608 -- our own text


def _of_all_time(has_merges: bool) -> str:
    days = (
        "all_days AS days, all_first_day AS first_day, CAST(last_at AT TIME ZONE 'UTC' AS date) AS last_day"
        if has_merges
        else "days, first_day, last_day"
    )
    return f"""
        SELECT author_email, {_commits(has_merges)} AS commits, additions, deletions, files_changed, {days}
        FROM author_totals d WHERE repo_id = :repo_id
    """  # noqa: S608 -- our own text


def _of_period(has_merges: bool) -> str:
    commits = _commits(has_merges)
    lines = ", ".join(f"CAST(sum(d.{name}) AS bigint) AS {name}" for name in SUMS[2:])
    return f"""
        SELECT author_email, sum({commits}) AS commits, {lines}, count(*) AS days, min(day) AS first_day,
               max(day) AS last_day
        FROM author_days d
        WHERE repo_id = :repo_id AND day >= :since AND day <= :today AND {commits} > 0 GROUP BY author_email
    """  # noqa: S608 -- our own text


def _commits(has_merges: bool) -> str:
    return "d.commits + d.merges" if has_merges else "d.commits"
