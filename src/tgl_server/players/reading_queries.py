"""The SQL that reads players, identities and claims for people."""

from sqlalchemy import text

_CALLED = "CASE WHEN u.display_name IS NOT NULL THEN u.display_name ELSE p.name END AS called"
_PLAYER = f"p.id AS player_id, p.user_id, p.state, p.visibility, p.shown_name, {_CALLED}"

_IDENTITY = f"""
    SELECT i.id, i.email, i.name, i.kind, i.source, {_PLAYER},
           ARRAY(
               SELECT DISTINCT a.name FROM repo_authors a
               WHERE a.email = i.email AND (i.name = '' OR a.name = i.name) ORDER BY a.name LIMIT 20
           ) AS names
    FROM identities i JOIN players p ON p.id = i.player_id LEFT JOIN users u ON u.id = p.user_id
"""  # noqa: S608 -- our own text

# Of hidden people nothing is found by what is not shown.
IDENTITIES_PAGE = text(f"""
    {_IDENTITY}
    WHERE (CAST(:after AS uuid) IS NULL OR i.id < :after)
      AND (CAST(:player_id AS uuid) IS NULL OR i.player_id = :player_id)
      AND (CAST(:owner_id AS uuid) IS NULL OR p.user_id = :owner_id)
      AND (:words = '' OR (p.visibility = 'shown' OR p.user_id = :viewer)
           AND position(lower(:words) IN lower(i.email || ' ' || i.name || ' ' || p.name)) > 0)
    ORDER BY i.id DESC LIMIT :limit
""")

ONE_IDENTITY = text(f"{_IDENTITY} WHERE i.id = :identity_id")

_COUNTED = f"""
    SELECT p.kind, {_PLAYER}, (SELECT count(*) FROM identities i WHERE i.player_id = p.id) AS identities
    FROM players p LEFT JOIN users u ON u.id = p.user_id
"""  # noqa: S608 -- our own text

PLAYERS_PAGE = text(f"""
    SELECT * FROM ({_COUNTED}) p
    WHERE (CAST(:after AS uuid) IS NULL OR player_id < :after) AND (identities > 0 OR user_id IS NOT NULL)
      AND (CAST(:state AS text) IS NULL OR state = :state)
      AND (:words = '' OR (visibility = 'shown' OR user_id = :viewer) AND position(lower(:words) IN lower(called)) > 0)
    ORDER BY player_id DESC LIMIT :limit
""")  # noqa: S608 -- our own text

PLAYERS = text(f"{_COUNTED} WHERE p.id = ANY(CAST(:ids AS uuid[]))")

_CLAIM = """
    SELECT c.id, i.email, i.name, c.evidence, c.state, c.created_at, c.user_id, w.display_name AS user, c.decided_at,
           c.reason, p.user_id AS owner_id, p.state AS owner_state, p.visibility, p.shown_name, u.display_name AS owner
    FROM claims c JOIN users w ON w.id = c.user_id JOIN identities i ON i.id = c.identity_id
    JOIN players p ON p.id = i.player_id LEFT JOIN users u ON u.id = p.user_id
"""

CLAIMS_PAGE = text(f"""
    {_CLAIM}
    WHERE (CAST(:after AS uuid) IS NULL OR c.id < :after) AND (CAST(:owner_id AS uuid) IS NULL OR c.user_id = :owner_id)
      AND (CAST(:state AS text) IS NULL OR c.state = :state)
    ORDER BY c.id DESC LIMIT :limit
""")

ONE_CLAIM = text(f"{_CLAIM} WHERE c.id = :claim_id")

COUNT_WAITING = text("SELECT count(*) FROM claims WHERE user_id = :user_id AND state = 'waiting'")

LOCK_CLAIM = text("SELECT * FROM claims WHERE id = :claim_id FOR UPDATE")

DECIDE = text("""
    UPDATE claims SET state = :state, decided_by = :by, decided_at = now(), reason = :reason, event_id = :event_id
    WHERE id = :claim_id
""")

# The identities that a claim takes: all of a player without an account, else the one alone.
TAKEN = text("""
    SELECT o.id FROM identities i JOIN players p ON p.id = i.player_id JOIN identities o ON o.player_id = i.player_id
    WHERE i.id = :identity_id AND (p.user_id IS NULL OR o.id = i.id)
""")

IS_TAKEN = text("""
    SELECT EXISTS (
        SELECT FROM players WHERE user_id IS DISTINCT FROM CAST(:user_id AS uuid)
          AND (lower(name) = lower(:name) OR lower(shown_name) = lower(:name))
    ) OR EXISTS (SELECT FROM users WHERE id <> :user_id AND lower(display_name) = lower(:name))
""")

EVENTS_OF_PLAYER = text("""
    SELECT * FROM identity_events
    WHERE CAST(:player_id AS uuid) = ANY(from_players) OR CAST(:player_id AS uuid) = ANY(to_players)
    ORDER BY id DESC LIMIT 200
""")

# The last events that joined what belonged to several players, and that nobody has undone.
LAST_JOINS = text("""
    SELECT e.id, e.at, e.kind, e.reason, cardinality(e.identities) AS identities, e.to_players
    FROM identity_events e
    WHERE e.kind IN ('claim', 'merge', 'mailmap') AND NOT EXISTS (SELECT FROM identity_events u WHERE u.undoes = e.id)
    ORDER BY e.id DESC LIMIT :limit
""")
