"""The SQL that keeps the sums; every write of several rows is in the order of their key."""

from sqlalchemy import TextClause, text

from tgl_server.activity.tables import (
    AUTHOR_DAYS,
    AUTHOR_MONTHS,
    AUTHOR_TOTALS,
    REPO_DAYS,
    REPO_WEEKS,
    SUMS,
    TABLES,
    SumTable,
    month_of,
    summed,
    week_of,
)


def _into(table: SumTable) -> str:
    return f"INSERT INTO {table.name} AS held ({', '.join(table.columns)})"


def _or(table: SumTable, change: str) -> str:
    """What happens to a row whose key is there already."""
    return f"ON CONFLICT (repo_id, {', '.join(table.key)}) DO UPDATE SET {change}"


def _added(*names: str) -> str:
    return ", ".join(f"{name} = held.{name} + EXCLUDED.{name}" for name in names)


_SUMS = ", ".join(SUMS)

# Add the sums of new commits. A day is new to an author if its row holds no more than was just added.
ADD = text(f"""
    WITH given AS MATERIALIZED (
        SELECT CAST(:repo_id AS uuid) AS repo_id, g.* FROM unnest(
            CAST(:day AS date[]), CAST(:author_email AS text[]), CAST(:author_name AS text[]),
            CAST(:last_at AS timestamptz[]), CAST(:commits AS integer[]), CAST(:merges AS integer[]),
            CAST(:additions AS bigint[]), CAST(:deletions AS bigint[]), CAST(:files_changed AS bigint[])
        ) AS g (day, author_email, author_name, last_at, {_SUMS})
    ), stored AS (
        {_into(AUTHOR_DAYS)} SELECT repo_id, day, author_email, {_SUMS} FROM given ORDER BY day, author_email
        {_or(AUTHOR_DAYS, _added(*SUMS))}
        RETURNING day, author_email, commits, merges
    ), months AS (
        {_into(AUTHOR_MONTHS)}
        SELECT repo_id, {month_of("day")}, author_email, {summed("g")},
               count(*) FILTER (WHERE g.commits > 0 AND s.commits = g.commits),
               min(day) FILTER (WHERE g.commits > 0), max(day) FILTER (WHERE g.commits > 0),
               count(*) FILTER (WHERE s.commits = g.commits AND s.merges = g.merges), min(day), max(day)
        FROM given g JOIN stored s USING (day, author_email) GROUP BY repo_id, 2, author_email ORDER BY 2, author_email
        {_or(AUTHOR_MONTHS, _added(*SUMS, "days", "all_days"))},
            first_day = least(held.first_day, EXCLUDED.first_day),
            last_day = greatest(held.last_day, EXCLUDED.last_day),
            all_first_day = least(held.all_first_day, EXCLUDED.all_first_day),
            all_last_day = greatest(held.all_last_day, EXCLUDED.all_last_day)
    ), totals AS (
        {_into(AUTHOR_TOTALS)}
        SELECT repo_id, author_email,
               (array_agg(g.author_name ORDER BY g.last_at DESC, g.author_name COLLATE "C" DESC))[1], {summed("g")},
               count(*) FILTER (WHERE g.commits > 0 AND s.commits = g.commits),
               min(day) FILTER (WHERE g.commits > 0), max(day) FILTER (WHERE g.commits > 0),
               count(*) FILTER (WHERE s.commits = g.commits AND s.merges = g.merges), min(day), max(g.last_at)
        FROM given g JOIN stored s USING (day, author_email) GROUP BY repo_id, author_email ORDER BY author_email
        {_or(AUTHOR_TOTALS, _added(*SUMS, "days", "all_days"))},
            author_name = CASE WHEN (EXCLUDED.last_at, EXCLUDED.author_name COLLATE "C")
                                  > (held.last_at, held.author_name COLLATE "C")
                               THEN EXCLUDED.author_name ELSE held.author_name END,
            first_day = least(held.first_day, EXCLUDED.first_day),
            last_day = greatest(held.last_day, EXCLUDED.last_day),
            all_first_day = least(held.all_first_day, EXCLUDED.all_first_day),
            last_at = greatest(held.last_at, EXCLUDED.last_at)
    ), days AS (
        {_into(REPO_DAYS)} SELECT repo_id, day, {summed("g")} FROM given g GROUP BY repo_id, day ORDER BY day
        {_or(REPO_DAYS, _added(*SUMS))}
    )
    {_into(REPO_WEEKS)} SELECT repo_id, {week_of("day")}, {summed("g")} FROM given g GROUP BY repo_id, 2 ORDER BY 2
    {_or(REPO_WEEKS, _added(*SUMS))}
""")  # noqa: S608 -- our own text


def _renew(table: SumTable) -> TextClause:
    replaced = ", ".join(f"{name} = EXCLUDED.{name}" for name in table.values)
    anew = table.computed(f"repo_id = :repo_id AND {table.touched}")
    return text(f"""
        {_into(table)} SELECT * FROM ({anew}) anew ORDER BY {", ".join(table.key)} {_or(table, replaced)}
    """)  # noqa: S608 -- our own text


def _rebuild(table: SumTable) -> TextClause:
    anew = table.computed("repo_id = :repo_id")
    return text(f"{_into(table)} SELECT * FROM ({anew}) anew ORDER BY {', '.join(table.key)}")  # noqa: S608


# Compute some keys anew, none of which has lost its last commit; each statement reads what the one before wrote.
RENEW = tuple(_renew(table) for table in TABLES)

REBUILD = tuple(_rebuild(table) for table in TABLES)

DELETE = tuple(
    text(f"DELETE FROM {table.name} WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")  # noqa: S608 -- our own names
    for table in TABLES
)


def _wrong(table: SumTable) -> str:
    """The repositories in which a row differs from what is computed; `is_held` if there is a row."""
    computed, held = (", ".join(f"{side}.{name}" for name in table.values) for side in ("computed", "held"))
    return f"""
        SELECT repo_id, held.{table.values[0]} IS NOT NULL AS is_held
        FROM ({table.computed("true")}) computed
        FULL JOIN {table.name} held USING (repo_id, {", ".join(table.key)})
        WHERE ROW({computed}) IS DISTINCT FROM ROW({held})
    """  # noqa: S608 -- our own text


# One statement, and so of one moment: a repository whose mark is at the log's end must have every sum.
FIND_WRONG = text(f"""
    SELECT DISTINCT repo_id
    FROM ({" UNION ALL ".join(_wrong(table) for table in TABLES)}) wrong
    LEFT JOIN (
        SELECT m.repo_id, m.seq = s.ingest_seq AS is_current
        FROM follower_marks m JOIN repo_states s ON s.repo_id = m.repo_id WHERE m.follower = :follower
    ) mark USING (repo_id)
    WHERE mark.is_current OR is_held AND NOT EXISTS (SELECT FROM repos r WHERE r.id = wrong.repo_id)
    ORDER BY repo_id
""")  # noqa: S608 -- our own text
