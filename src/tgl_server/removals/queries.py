"""The SQL of removals: what there is to remove, and which commits the recorded tips reach."""

from sqlalchemy import text

CONTENTS = text("""
    SELECT total_commits, refs_total, sync_status, ingest_seq,
           (SELECT min(commit_date) FROM commits WHERE repo_id = :repo_id) AS first_date,
           (SELECT max(commit_date) FROM commits WHERE repo_id = :repo_id) AS last_date
    FROM repo_states WHERE repo_id = :repo_id
""")

TIPS = text("SELECT name, encode(sha, 'hex') AS sha FROM repo_refs WHERE repo_id = :repo_id ORDER BY name LIMIT :limit")

EMPTY_STATE = text("""
    UPDATE repo_states SET version = version + 1, total_commits = 0, last_ingested_sha = NULL,
                           sync_status = 'pending', error_message = NULL
    WHERE repo_id = :repo_id
""")

SHRINK_STATE = text("""
    UPDATE repo_states SET version = version + 1, total_commits = total_commits - CAST(:removed AS bigint)
    WHERE repo_id = :repo_id
""")

MISSING_TIPS = text("""
    SELECT given.name FROM unnest(CAST(:names AS text[])) AS given (name)
    WHERE NOT EXISTS (SELECT FROM repo_refs f WHERE f.repo_id = :repo_id AND f.name = given.name)
""")

FORGET_TIPS = text("DELETE FROM repo_refs WHERE repo_id = :repo_id AND name = ANY(CAST(:names AS text[]))")

CREATE_REACHED = text("CREATE TEMPORARY TABLE reached_commits (sha bytea PRIMARY KEY) ON COMMIT DROP")

# As in migration 0010: with these settings, a look-up in the primary key is all that is left for each commit.
KEEP_TO_KEY = text("""
    SELECT set_config(name, 'off', true)
    FROM unnest(ARRAY['enable_sort', 'enable_seqscan', 'enable_bitmapscan', 'jit']) AS given (name)
""")
PLAN_FREELY = text("""
    SELECT set_config(name, 'on', true)
    FROM unnest(ARRAY['enable_sort', 'enable_seqscan', 'enable_bitmapscan', 'jit']) AS given (name)
""")

# From the tips down to what has no parents; also what is named as a parent and is not stored.
MARK_REACHED = text("""
    WITH RECURSIVE reached (sha) AS (
        SELECT sha FROM repo_refs WHERE repo_id = :repo_id AND name <> ALL(CAST(:forgotten AS text[]))
        UNION
        SELECT parent.sha FROM reached r
        CROSS JOIN LATERAL (
            SELECT c.parents FROM commits c
            WHERE c.repo_id = :repo_id AND c.sha BETWEEN r.sha AND r.sha ORDER BY c.sha LIMIT 1
        ) found
        CROSS JOIN LATERAL unnest(found.parents) AS parent (sha)
    )
    INSERT INTO reached_commits SELECT sha FROM reached
""")

ANALYZE_REACHED = text("ANALYZE reached_commits")

# Each a reason why the tips do not tell what is needed.
REACH = text("""
    SELECT count(*) AS reached,
           count(*) FILTER (WHERE c.sha IS NULL) AS not_stored,
           count(*) FILTER (WHERE c.parent_count > coalesce(cardinality(c.parents), 0)) AS without_parents,
           (SELECT max(ingested_at) FROM commits WHERE repo_id = :repo_id)
               > (SELECT max(updated_at) FROM repo_refs WHERE repo_id = :repo_id) AS is_behind
    FROM reached_commits r LEFT JOIN commits c ON c.repo_id = :repo_id AND c.sha = r.sha
""")

_UNREACHED = "c.repo_id = :repo_id AND NOT EXISTS (SELECT FROM reached_commits r WHERE r.sha = c.sha)"

SUM_UNREACHED = text(f"""
    SELECT count(*) AS commits, min(commit_date) AS first_date, max(commit_date) AS last_date
    FROM commits c WHERE {_UNREACHED}
""")  # noqa: S608 -- our own condition

# A root that no tip reaches is the beginning of a whole history: one that was joined, or pushed here by mistake.
UNREACHED_ROOTS = text(f"""
    SELECT encode(sha, 'hex') FROM commits c WHERE {_UNREACHED} AND parent_count = 0
    ORDER BY commit_date, sha LIMIT :limit
""")  # noqa: S608 -- our own condition

# Tips whose own commits go on among those that no tip reaches: the branch was set back, or by a clone that is behind.
CONTINUED_TIPS = text(f"""
    SELECT DISTINCT f.name FROM commits c
    CROSS JOIN LATERAL unnest(c.parents) AS parent (sha)
    JOIN repo_refs f ON f.repo_id = :repo_id AND f.sha = parent.sha AND f.name <> ALL(CAST(:forgotten AS text[]))
    WHERE {_UNREACHED} ORDER BY f.name LIMIT :limit
""")  # noqa: S608 -- our own condition

NEWEST_UNREACHED = text(f"""
    SELECT encode(sha, 'hex') AS sha, commit_date, author_name, author_email, message_title
    FROM commits c WHERE {_UNREACHED} ORDER BY commit_date DESC, sha DESC LIMIT :limit
""")  # noqa: S608 -- our own condition

DELETE_UNREACHED = text(f"DELETE FROM commits c WHERE {_UNREACHED}")  # noqa: S608 -- our own condition
