"""The SQL of what a deletion would take."""

from sqlalchemy import text

POINTS = text("SELECT player_id, points FROM standings WHERE season_id = :season_id")

NAME = text("""
    SELECT s.number, l.name FROM seasons s JOIN leagues l ON l.id = s.league_id WHERE s.id = :season_id
""")
