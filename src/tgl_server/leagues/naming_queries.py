"""The SQL that finds what players are called."""

from sqlalchemy import text

PLAYERS = text("""
    SELECT id, name, state, visibility, shown_name, user_id FROM players WHERE id = ANY(CAST(:player_ids AS uuid[]))
""")
