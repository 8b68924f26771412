"""The SQL that moves identities between players, and reads how they came there."""

from sqlalchemy import text

# One writer at a time, so that the ids of events grow in the order of COMMITs. Readers do not wait.
LOCK_EVENTS = text("LOCK TABLE identity_events IN SHARE ROW EXCLUSIVE MODE")

PLAYERS_OF = text("""
    SELECT id, player_id FROM identities WHERE id = ANY(CAST(:identities AS uuid[])) ORDER BY id FOR UPDATE
""")

ADD_EVENT = text("""
    INSERT INTO identity_events (actor_id, kind, identities, from_players, to_players, reason, undoes)
    VALUES (:actor_id, :kind, CAST(:identities AS uuid[]), CAST(:from_players AS uuid[]), CAST(:to_players AS uuid[]),
            :reason, :undoes)
    RETURNING id
""")

MOVE = text("""
    UPDATE identities i SET player_id = g.player_id, source = :kind
    FROM unnest(CAST(:identities AS uuid[]), CAST(:to_players AS uuid[])) AS g (id, player_id)
    WHERE i.id = g.id
""")

_EVENTS = "SELECT id, kind, identities, from_players, to_players, undoes FROM identity_events"

EVENTS = text(f"{_EVENTS} WHERE id > :after AND (CAST(:until AS bigint) IS NULL OR id <= :until) ORDER BY id")

EVENTS_OF = text(f"{_EVENTS} WHERE identities && CAST(:identities AS uuid[]) ORDER BY id")

LAST_EVENT = text("SELECT coalesce(max(id), 0) FROM identity_events")

IDENTITIES = text("SELECT id FROM identities")

IDENTITIES_OF_PLAYER = text("SELECT id FROM identities WHERE player_id = :player_id ORDER BY id")

# The player of an account, made on first use; its name is the account's as long as there is one.
MAKE_PLAYER = text("""
    INSERT INTO players (id, user_id, name, state)
    SELECT :id, u.id, u.display_name, 'active' FROM users u WHERE u.id = :user_id
    ON CONFLICT (user_id) DO NOTHING
""")

PLAYER_OF_USER = text("SELECT id FROM players WHERE user_id = :user_id")

LOCK_PLAYERS = text("""
    SELECT p.*, coalesce(u.display_name, p.name) AS called
    FROM players p LEFT JOIN users u ON u.id = p.user_id
    WHERE p.id = ANY(CAST(:ids AS uuid[])) ORDER BY p.id FOR UPDATE OF p
""")

# Identities whose address is that of an account which proved it, and of which nobody has said anything yet.
JOINABLE = text("""
    SELECT i.id, u.id AS user_id
    FROM users u JOIN identities i ON i.email = u.email AND i.name = ''
    WHERE u.email_confirmed AND u.state = 'active' AND i.source = 'commits'
      AND NOT EXISTS (SELECT FROM shared_addresses s WHERE s.email = i.email)
      AND NOT EXISTS (SELECT FROM players p WHERE p.id = i.player_id AND p.user_id = u.id)
    ORDER BY u.id, i.id
""")

# Bots are known by patterns, unless somebody says otherwise.
SET_KIND = text("UPDATE identities SET kind = :kind WHERE id = :identity_id AND kind <> :kind RETURNING id")
