"""The SQL of previews."""

from sqlalchemy import text

STRUCK = text("SELECT sha FROM strikes WHERE season_id = :season_id")
