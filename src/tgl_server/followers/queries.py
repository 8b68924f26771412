"""The SQL of followers: their marks, and the rows of the ingest log after them."""

from functools import cache

from sqlalchemy import TextClause, text

CREATE_MARKS = text("""
    INSERT INTO follower_marks (repo_id, follower, seq)
    SELECT CAST(:repo_id AS uuid), given.follower, 0 FROM unnest(CAST(:followers AS text[])) AS given (follower)
    ORDER BY given.follower
    ON CONFLICT (repo_id, follower) DO NOTHING
""")

# In one order, as two may delete at once. It waits for a follower at work, which later finds no mark to lock.
DELETE_MARKS = text("""
    WITH held AS MATERIALIZED (
        SELECT repo_id, follower FROM follower_marks WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))
        ORDER BY repo_id, follower FOR UPDATE
    )
    DELETE FROM follower_marks m USING held h WHERE m.repo_id = h.repo_id AND m.follower = h.follower
""")

# This reads every mark, a row for each repository.
DUE = text("""
    SELECT m.repo_id FROM follower_marks m JOIN repo_states s ON s.repo_id = m.repo_id
    WHERE m.follower = :follower AND m.seq < s.ingest_seq
    LIMIT :limit
""")

# A mark that another process holds is skipped: that process does the work.
TAKE_MARK = text("""
    SELECT seq FROM follower_marks WHERE repo_id = :repo_id AND follower = :follower FOR UPDATE SKIP LOCKED
""")

LOCK_MARK = text("SELECT seq FROM follower_marks WHERE repo_id = :repo_id AND follower = :follower FOR UPDATE")

MOVE_MARK = text("UPDATE follower_marks SET seq = :seq WHERE repo_id = :repo_id AND follower = :follower")

# No push counts while this is held, and later statements see all pushes that have counted.
HOLD_STATE = text("SELECT ingest_seq FROM repo_states WHERE repo_id = :repo_id FOR SHARE")

WAS_RESET = text("""
    SELECT EXISTS (
        SELECT FROM ingest_log WHERE repo_id = :repo_id AND seq > :seq AND kind IN ('removed', 'rebuilt')
    )
""")

LAG = text("""
    SELECT m.follower, CAST(sum(s.ingest_seq - m.seq) AS bigint) AS rows,
           CAST(coalesce(extract(epoch FROM now() - min(l.at)), 0) AS float8) AS seconds
    FROM follower_marks m JOIN repo_states s ON s.repo_id = m.repo_id AND s.ingest_seq > m.seq
    LEFT JOIN ingest_log l ON l.repo_id = m.repo_id AND l.seq = m.seq + 1
    GROUP BY m.follower
""")


@cache
def gulp(columns: tuple[str, ...], wanted: str) -> TextClause:
    """The rows of the log after a mark, with their `wanted` commits, in one statement and so of one moment.

    `:rows` and `:commits` limit it; a first row with more commits is taken whole. The log's values and the number of
    commits found come with the first row of the answer, which has no sha if no commit is wanted. `commits_at` is a
    function in the database (migration 0011).
    """
    own, read = ("".join(f", {table}.{column}" for column in columns) for table in ("f", "c"))
    return text(f"""
        WITH ahead AS (
            SELECT seq, at, inserted, kind, sum(inserted) OVER (ORDER BY seq) - inserted AS before
            FROM (
                SELECT * FROM ingest_log WHERE repo_id = :repo_id AND seq > :seq ORDER BY seq LIMIT :rows
            ) l
        ), taken AS MATERIALIZED (
            SELECT * FROM ahead WHERE before < CAST(:commits AS bigint)
        ), entries AS MATERIALIZED (
            SELECT array_agg(seq ORDER BY seq) AS seqs, array_agg(inserted ORDER BY seq) AS inserted,
                   array_agg(kind ORDER BY seq) AS kinds
            FROM taken
        ), found AS MATERIALIZED (
            SELECT c.sha{read}, {wanted} AS is_wanted
            FROM commits_at(CAST(:repo_id AS uuid), ARRAY(SELECT at FROM taken WHERE inserted > 0)) c
        ), told AS MATERIALIZED (
            SELECT *, (SELECT count(*) FROM found) AS found FROM entries
        )
        SELECT CASE WHEN row_number() OVER () = 1 THEN t.seqs END AS seqs,
               CASE WHEN row_number() OVER () = 1 THEN t.inserted END AS inserted,
               CASE WHEN row_number() OVER () = 1 THEN t.kinds END AS kinds,
               CASE WHEN row_number() OVER () = 1 THEN t.found END AS found, f.sha{own}
        FROM told t LEFT JOIN found f ON f.is_wanted
    """)  # noqa: S608 -- columns and a condition that followers name
