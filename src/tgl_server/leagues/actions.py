"""The audit actions of leagues and seasons."""

from tgl_server.audit.actions import AuditAction


class LeagueAction(AuditAction):
    LEAGUE_CREATED = "league:created"
    LEAGUE_CHANGED = "league:changed"
    LEAGUE_REPOS_CHANGED = "league:repos_changed"
    RULES_CREATED = "league:rules_created"
    SEASON_CREATED = "season:created"
    SEASON_OPENED = "season:opened"
    SEASON_CLOSED = "season:closed"
    CHANGE_STRUCK = "season:change_struck"
    SEASON_AMENDED = "season:amended"
    STRIKE_TAKEN_BACK = "season:strike_taken_back"
    BADGE_CHOSEN = "league:badge_chosen"
