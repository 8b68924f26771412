"""The SQL of a repository's pages that the API has no use for: runs with people, tips with commits, words in titles."""

from sqlalchemy import text

from tgl_server.access.names import UNSEEN
from tgl_server.access.sight import IS_KEY_SEEN
from tgl_server.projects.queries import abandoned

# Runs, the newest first, with who pushed, the name of the key if the viewer sees that, and the state in which a reader
# sees them; with `run_id` only that one. A cursor is the last row's (started_at, id).
RUNS = text(f"""
    SELECT s.*, k.name AS key_name, u.display_name AS person, now() AS now
    FROM (
        SELECT r.*, CASE WHEN r.state = 'running' AND {abandoned("r.last_batch_at")} THEN 'interrupted'
                         ELSE r.state END AS seen_state
        FROM sync_runs r WHERE r.repo_id = :repo_id
    ) s
    LEFT JOIN api_keys k ON k.id = s.api_key_id AND {IS_KEY_SEEN}
    LEFT JOIN users u ON u.id = s.user_id
    WHERE (CAST(:state AS text) IS NULL OR s.seen_state = :state)
      AND (CAST(:key_id AS uuid) IS NULL OR k.id = :key_id)
      AND (CAST(:run_id AS uuid) IS NULL OR s.id = :run_id)
      AND (CAST(:before_at AS timestamptz) IS NULL OR (s.started_at, s.id) < (:before_at, CAST(:before_id AS uuid)))
    ORDER BY s.started_at DESC, s.id DESC LIMIT :limit
""")  # noqa: S608 -- our own condition

# The keys of the last runs that the viewer sees, to choose from.
RUN_KEYS = text(f"""
    SELECT DISTINCT k.id, k.name, k.prefix
    FROM (SELECT api_key_id FROM sync_runs WHERE repo_id = :repo_id ORDER BY started_at DESC LIMIT 1000) s
    JOIN api_keys k ON k.id = s.api_key_id AND {IS_KEY_SEEN}
    ORDER BY k.name, k.prefix LIMIT 100
""")  # noqa: S608 -- our own condition

# Branch tips with the commits that they point at. A cursor is the last row's (updated_at, name), or its name alone.
_BRANCHES = """
    SELECT f.name, f.sha, f.updated_at, c.message_title, c.author_name, c.author_email, c.commit_date
    FROM (
        SELECT name, sha, updated_at FROM repo_refs
        WHERE repo_id = :repo_id AND (:text = '' OR position(lower(:text) IN lower(name)) > 0) AND ({after})
        ORDER BY {order} LIMIT :limit
    ) f
    LEFT JOIN commits c ON c.repo_id = :repo_id AND c.sha = f.sha
    ORDER BY {order}
"""

BRANCHES_BY_NAME = text(_BRANCHES.format(after="CAST(:after_name AS text) IS NULL OR name > :after_name", order="name"))

BRANCHES_BY_DATE = text(
    _BRANCHES.format(
        after="CAST(:after_at AS timestamptz) IS NULL OR (updated_at, name) < (:after_at, CAST(:after_name AS text))",
        order="updated_at DESC, name DESC",
    )
)

# Commits whose title has every word, among the newest ones of a range after a key; and how many these are, and back to
# when. One row without a commit says how far was looked in vain. The sub-select hides from PostgreSQL which repository
# it is, as for the API's list of commits.
TITLES = text("""
    WITH newest AS MATERIALIZED (
        SELECT * FROM commits
        WHERE repo_id = (SELECT CAST(:repo_id AS uuid))
          AND commit_date >= coalesce(CAST(:since AS timestamptz), '-infinity')
          AND commit_date < coalesce(CAST(:until AS timestamptz), 'infinity')
          AND (CAST(:shas AS bytea[]) IS NULL OR sha = ANY(CAST(:shas AS bytea[])))
          AND (CAST(:after_at AS timestamptz) IS NULL
               OR commit_date <= :after_at AND (commit_date, sha) < (:after_at, CAST(:after_sha AS bytea)))
        ORDER BY commit_date DESC, sha DESC LIMIT :most
    ), looked AS (
        SELECT count(*) AS looked, min(commit_date) AS back_to FROM newest
    ), oldest AS (
        SELECT sha AS oldest_sha FROM newest ORDER BY commit_date, sha LIMIT 1
    ), found AS (
        SELECT * FROM newest
        WHERE NOT EXISTS (
            SELECT FROM unnest(CAST(:words AS text[])) word WHERE position(lower(word) IN lower(message_title)) = 0
        )
        ORDER BY commit_date DESC, sha DESC LIMIT :limit
    )
    SELECT looked.*, oldest.*, found.*
    FROM looked LEFT JOIN oldest ON true LEFT JOIN found ON true
    ORDER BY found.commit_date DESC, found.sha DESC
""")

# For the list of names that a field offers.
# The branches that moved last, in each row, and the names that the viewer is shown instead of others: one statement.
BRANCHES_AND_NAMES = text(f"""
    SELECT b.branches, n.*
    FROM (
        SELECT ARRAY(
            SELECT substr(name, 12) FROM repo_refs
            WHERE repo_id = :repo_id AND name LIKE 'refs/heads/%' ORDER BY updated_at DESC, name LIMIT :limit
        ) AS branches
    ) b LEFT JOIN ({UNSEEN}) n ON true
""")  # noqa: S608 -- a constant of ours

SHAS = text("""
    SELECT * FROM commits
    WHERE repo_id = :repo_id AND sha BETWEEN CAST(:first AS bytea) AND CAST(:last AS bytea)
    ORDER BY sha LIMIT :limit
""")

# The commits of some people by week, where they have any, up to today; from `:since` on, which is a Monday. People are
# players, or addresses without one; what is written under a shared address is in no week.
WEEKS_OF_AUTHORS = text("""
    SELECT coalesce(CAST(i.player_id AS text), d.author_email) AS person,
           CAST(date_trunc('week', CAST(d.day AS timestamp)) AS date) AS week,
           CAST(sum(CASE WHEN :merges THEN d.commits + d.merges ELSE d.commits END) AS bigint) AS commits
    FROM author_days d LEFT JOIN identities i ON i.email = d.author_email AND i.name = ''
     AND NOT EXISTS (SELECT FROM identities e WHERE e.email = d.author_email AND e.name <> '')
    WHERE d.repo_id = :repo_id AND d.day >= :since AND d.day <= :today
      AND (i.player_id = ANY(CAST(:players AS uuid[])) OR d.author_email = ANY(CAST(:emails AS text[])))
    GROUP BY 1, 2
""")
