"""The SQL of amendments."""

from sqlalchemy import text

MOVED = text("""
    SELECT DISTINCT l.identity_id, l.player_id, i.player_id AS now
    FROM ledger l JOIN identities i ON i.id = l.identity_id
    WHERE l.season_id = :season_id AND i.player_id <> l.player_id
""")

MOVE = text("""
    UPDATE ledger l SET player_id = i.player_id, is_sealed = false, verdict = own, change = sha
    FROM identities i
    WHERE l.season_id = :season_id AND l.identity_id = ANY(CAST(:identity_ids AS uuid[])) AND i.id = l.identity_id
      AND i.player_id <> l.player_id
""")

MOVE_AUTHORS = text("""
    UPDATE season_authors a SET player_id = i.player_id FROM identities i
    WHERE a.season_id = :season_id AND i.id = a.identity_id AND i.player_id <> a.player_id
""")

# A co-author is a player in the row of the change; whoever is in it already, or has written it, is no second one.
MOVE_SHARERS = text("""
    UPDATE ledger l SET is_sealed = false, sharers = CASE
        WHEN m.now = ANY(l.sharers) OR m.now = l.player_id THEN array_remove(l.sharers, m.before)
        ELSE array_replace(l.sharers, m.before, m.now) END
    FROM ledger_named n
    JOIN (
        SELECT DISTINCT a.identity_id, a.player_id AS before, i.player_id AS now
        FROM season_authors a JOIN identities i ON i.id = a.identity_id
        WHERE a.season_id = :season_id AND i.player_id <> a.player_id
    ) m ON m.identity_id = n.identity_id
    WHERE n.season_id = :season_id AND l.season_id = n.season_id AND l.repo_id = n.repo_id AND l.sha = n.sha
      AND m.before = ANY(l.sharers)
    RETURNING l.player_id, m.before, m.now
""")

COPIES = text("""
    SELECT DISTINCT o.sha AS named, l.player_id, l.sha FROM ledger o
    JOIN ledger l ON l.season_id = o.season_id AND l.player_id = o.player_id AND l.change = o.change
    WHERE o.season_id = :season_id AND o.sha = ANY(CAST(:shas AS bytea[]))
""")
