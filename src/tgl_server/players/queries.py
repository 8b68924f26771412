"""The SQL of players: finding and making identities, and the authors of each repository."""

from sqlalchemy import text

# The identity of each given author, of its exact name before that of any name; and what is known of its address.
RESOLVE = text("""
    SELECT g.email, g.name, e.id AS exact_id, e.player_id AS exact_player_id, e.kind AS exact_kind,
           a.id AS any_id, a.player_id AS any_player_id, a.kind AS any_kind,
           EXISTS (SELECT FROM shared_addresses s WHERE s.email = g.email) AS is_shared
    FROM unnest(CAST(:emails AS text[]), CAST(:names AS text[])) AS g (email, name)
    LEFT JOIN identities e ON e.email = g.email AND e.name = g.name
    LEFT JOIN identities a ON a.email = g.email AND a.name = ''
""")

# Ordered by key: two that make the same identities at once take their locks in one order. The player is made only
# for an identity that was; the foreign key is checked when the statement ends.
MAKE = text("""
    WITH given AS MATERIALIZED (
        SELECT g.* FROM unnest(
            CAST(:ids AS uuid[]), CAST(:emails AS text[]), CAST(:names AS text[]), CAST(:called AS text[])
        ) AS g (id, email, name, called)
    ), made AS (
        INSERT INTO identities (id, email, name, player_id)
        SELECT id, email, name, id FROM given ORDER BY email COLLATE "C", name COLLATE "C"
        ON CONFLICT (email, name) DO NOTHING
        RETURNING id
    )
    INSERT INTO players (id, name, state)
    SELECT g.id, g.called, 'provisional' FROM made m JOIN given g USING (id) ORDER BY g.id
""")

# A condition on a commit `c`: its author is new in its repository.
IS_NEW_AUTHOR = """
    NOT EXISTS (
        SELECT FROM repo_authors a WHERE a.repo_id = c.repo_id AND a.email = c.author_email AND a.name = c.author_name
    )
"""

ADD_AUTHORS = text("""
    INSERT INTO repo_authors (repo_id, email, name)
    SELECT CAST(:repo_id AS uuid), g.email, g.name
    FROM unnest(CAST(:emails AS text[]), CAST(:names AS text[])) AS g (email, name)
    ORDER BY g.email COLLATE "C", g.name COLLATE "C"
    ON CONFLICT (repo_id, email, name) DO NOTHING
""")

AUTHORS_OF_COMMITS = text("SELECT DISTINCT author_email, author_name FROM commits WHERE repo_id = :repo_id")

DELETE_AUTHORS = text("DELETE FROM repo_authors WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

# One statement, and so of one moment: a repository whose mark is at the log's end must have every author, and each
# author an identity.
FIND_WRONG = text("""
    SELECT DISTINCT repo_id
    FROM (SELECT DISTINCT repo_id, author_email AS email, author_name AS name, 1 AS one FROM commits) stored
    FULL JOIN (
        SELECT repo_id, email, name, 1 AS one,
               EXISTS (SELECT FROM identities i WHERE i.email = a.email AND i.name IN (a.name, '')) AS is_known
        FROM repo_authors a
    ) held USING (repo_id, email, name)
    LEFT JOIN (
        SELECT m.repo_id, m.seq = s.ingest_seq AS is_current
        FROM follower_marks m JOIN repo_states s ON s.repo_id = m.repo_id WHERE m.follower = :follower
    ) mark USING (repo_id)
    WHERE (stored.one IS NULL OR held.one IS NULL OR NOT held.is_known)
      AND (mark.is_current OR stored.one IS NULL AND NOT EXISTS (SELECT FROM repos r WHERE r.id = held.repo_id))
    ORDER BY repo_id
""")

NAMES_OF_ADDRESS = text("SELECT DISTINCT name FROM repo_authors WHERE email = :email ORDER BY name")
