"""The SQL of suggestions and of importing a `.mailmap`."""

from sqlalchemy import text

# One import at a time: two that make the same identities in different orders could wait for each other.
HOLD_IMPORTS = text("SELECT pg_advisory_xact_lock(hashtextextended('tgl: import of a mailmap', 0))")

AUTHORS_OF = text("SELECT DISTINCT email, name FROM repo_authors WHERE email = ANY(CAST(:emails AS text[]))")

IDENTITIES = text("SELECT id, email, name FROM identities WHERE id = ANY(CAST(:ids AS uuid[]))")

NAME_PLAYERS = text("""
    UPDATE players p SET name = g.name, is_named = true
    FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[])) AS g (id, name)
    WHERE p.id = g.id AND p.user_id IS NULL AND p.state <> 'erased'
""")

# Hidden people are in no suggestion.
KNOWN = text("""
    SELECT i.email, i.player_id, p.user_id,
           ARRAY(SELECT DISTINCT a.name FROM repo_authors a
                 WHERE a.email = i.email AND (i.name = '' OR a.name = i.name)) AS names
    FROM identities i JOIN players p ON p.id = i.player_id
    WHERE p.visibility = 'shown' AND p.state <> 'erased'
    ORDER BY i.id LIMIT :limit
""")

ACCOUNTS = text("""
    SELECT u.email, p.id AS player_id FROM players p JOIN users u ON u.id = p.user_id
    WHERE u.state = 'active' AND p.visibility = 'shown' ORDER BY p.id LIMIT :limit
""")

DISMISS = text("""
    INSERT INTO dismissed_suggestions (id, players, dismissed_by, reason)
    VALUES (:id, CAST(:players AS uuid[]), CAST(:user_id AS uuid), :reason)
    ON CONFLICT (players) DO NOTHING
""")

_SHOWN = "id, players, reason, created_at AS dismissed_at, dismissed_by"

# A cursor is the last row's id.
LIST_DISMISSED = text(f"""
    SELECT {_SHOWN} FROM dismissed_suggestions WHERE CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid)
    ORDER BY id DESC LIMIT :limit
""")  # noqa: S608 -- our own text

TAKE_BACK = text(f"DELETE FROM dismissed_suggestions WHERE id = :id RETURNING {_SHOWN}")  # noqa: S608 -- our own text

DISMISSED = text("SELECT players FROM dismissed_suggestions ORDER BY id DESC LIMIT :limit")

PLAYERS_OF = text("SELECT id FROM players WHERE id = ANY(CAST(:ids AS uuid[]))")
