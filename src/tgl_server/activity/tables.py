"""The tables of sums as the queries see them: keys, values, and how each is computed anew.

They form a chain: `author_days` is computed from the commits, and the others from it. A query takes its condition as
text, so that some keys, a repository, and all repositories are computed by the same words.
"""

from collections.abc import Callable

from msgspec import Struct

SUMS = ("commits", "merges", "additions", "deletions", "files_changed")

DAY = "CAST(author_date AT TIME ZONE 'UTC' AS date)"
# Of two names at one moment, the bytes decide, as in Python, whatever the database's collation is.
_NEWEST_FIRST = 'author_date DESC, author_name COLLATE "C" DESC'


class SumTable(Struct, frozen=True):
    """A table with its key after `repo_id`, its values, and a query for these under a condition.

    `touched` is the condition for the keys of some commits, whose days and authors are `:day` and `:author_email`.
    """

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    computed: Callable[[str], str]
    touched: str

    @property
    def columns(self) -> tuple[str, ...]:
        return ("repo_id", *self.key, *self.values)


def week_of(day: str) -> str:
    """The Monday of a day's week, in SQL."""
    return f"CAST(date_trunc('week', CAST({day} AS timestamp)) AS date)"


def month_of(day: str) -> str:
    """The first of a day's month, in SQL."""
    return f"CAST(date_trunc('month', CAST({day} AS timestamp)) AS date)"


def summed(table: str) -> str:
    """The sums of several rows; PostgreSQL adds large integers up to a numeric."""
    return ", ".join(f"CAST(sum({table}.{name}) AS bigint) AS {name}" for name in SUMS)


def _author_days(where: str) -> str:
    counted = (f"coalesce(sum({name}) FILTER (WHERE NOT is_merge), 0) AS {name}" for name in SUMS[2:])
    return f"""
        SELECT repo_id, {DAY} AS day, author_email, count(*) FILTER (WHERE NOT is_merge) AS commits,
               count(*) FILTER (WHERE is_merge) AS merges, {", ".join(counted)}
        FROM commits WHERE {where} GROUP BY repo_id, 2, author_email
    """  # noqa: S608 -- our own text


def _author_months(where: str) -> str:
    return f"""
        SELECT repo_id, {month_of("day")} AS month, author_email, {summed("d")},
               count(*) FILTER (WHERE commits > 0) AS days, min(day) FILTER (WHERE commits > 0) AS first_day,
               max(day) FILTER (WHERE commits > 0) AS last_day, count(*) AS all_days, min(day) AS all_first_day,
               max(day) AS all_last_day
        FROM author_days d WHERE {where} GROUP BY repo_id, 2, author_email
    """  # noqa: S608 -- our own text


def _author_totals(where: str) -> str:
    return f"""
        SELECT repo_id, author_email, author_name, {", ".join(SUMS)}, days, first_day, last_day, all_days,
               all_first_day, last_at
        FROM (
            SELECT repo_id, author_email, {summed("d")}, count(*) FILTER (WHERE commits > 0) AS days,
                   min(day) FILTER (WHERE commits > 0) AS first_day, max(day) FILTER (WHERE commits > 0) AS last_day,
                   count(*) AS all_days, min(day) AS all_first_day
            FROM author_days d WHERE {where} GROUP BY repo_id, author_email
        ) added JOIN (
            SELECT DISTINCT ON (repo_id, author_email) repo_id, author_email, author_name, author_date AS last_at
            FROM commits WHERE {where} ORDER BY repo_id, author_email, {_NEWEST_FIRST}
        ) newest USING (repo_id, author_email)
    """  # noqa: S608 -- our own text


def _repo_days(where: str) -> str:
    return f"""
        SELECT repo_id, day, {summed("d")} FROM author_days d WHERE {where} GROUP BY repo_id, day
    """  # noqa: S608 -- our own text


def _repo_weeks(where: str) -> str:
    return f"""
        SELECT repo_id, {week_of("day")} AS week, {summed("d")} FROM repo_days d WHERE {where} GROUP BY repo_id, 2
    """  # noqa: S608 -- our own text


_OF_DAYS = "day = ANY(CAST(:day AS date[]))"
_OF_AUTHORS = "author_email = ANY(CAST(:author_email AS text[]))"
_OF_AUTHOR_DAYS = f"""
    {_OF_AUTHORS} AND ({DAY}, author_email) IN (
        SELECT * FROM unnest(CAST(:day AS date[]), CAST(:author_email AS text[]))
    )
"""  # noqa: S608 -- our own text
_OF_WEEKS = f"{week_of('day')} IN (SELECT {week_of('t.day')} FROM unnest(CAST(:day AS date[])) AS t (day))"  # noqa: S608
# The first day of all bounds what has to be read.
_OF_AUTHOR_MONTHS = f"""
    {_OF_AUTHORS} AND day >= (SELECT {month_of("min(t.day)")} FROM unnest(CAST(:day AS date[])) AS t (day))
    AND {month_of("day")} IN (SELECT {month_of("t.day")} FROM unnest(CAST(:day AS date[])) AS t (day))
"""  # noqa: S608

AUTHOR_DAYS = SumTable("author_days", ("day", "author_email"), SUMS, _author_days, _OF_AUTHOR_DAYS)
AUTHOR_MONTHS = SumTable(
    "author_months",
    ("month", "author_email"),
    (*SUMS, "days", "first_day", "last_day", "all_days", "all_first_day", "all_last_day"),
    _author_months,
    _OF_AUTHOR_MONTHS,
)
AUTHOR_TOTALS = SumTable(
    "author_totals",
    ("author_email",),
    ("author_name", *SUMS, "days", "first_day", "last_day", "all_days", "all_first_day", "last_at"),
    _author_totals,
    _OF_AUTHORS,
)
REPO_DAYS = SumTable("repo_days", ("day",), SUMS, _repo_days, _OF_DAYS)
REPO_WEEKS = SumTable("repo_weeks", ("week",), SUMS, _repo_weeks, _OF_WEEKS)

#: In the order in which they are computed.
TABLES = (AUTHOR_DAYS, AUTHOR_MONTHS, AUTHOR_TOTALS, REPO_DAYS, REPO_WEEKS)
