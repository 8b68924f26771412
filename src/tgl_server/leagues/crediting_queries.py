"""The SQL that says whom a season credits."""

from sqlalchemy import text

HIDDEN = text("SELECT id FROM players WHERE id = ANY(CAST(:player_ids AS uuid[])) AND visibility = 'hidden'")

CREDITED = text("""
    SELECT email, name, identity_id, player_id, kind, opted_out FROM season_authors WHERE season_id = :season_id
""")

# Ordered by key, like every write of several rows.
KEEP = text("""
    INSERT INTO season_authors (season_id, email, name, identity_id, player_id, kind, opted_out)
    SELECT CAST(:season_id AS uuid), g.* FROM unnest(
        CAST(:email AS text[]), CAST(:name AS text[]), CAST(:identity_id AS uuid[]), CAST(:player_id AS uuid[]),
        CAST(:kind AS text[]), CAST(:opted_out AS boolean[])
    ) AS g (email, name, identity_id, player_id, kind, opted_out)
    ORDER BY g.email COLLATE "C", g.name COLLATE "C"
    ON CONFLICT (season_id, email, name) DO UPDATE SET
        identity_id = EXCLUDED.identity_id, player_id = EXCLUDED.player_id, kind = EXCLUDED.kind,
        opted_out = EXCLUDED.opted_out
""")
