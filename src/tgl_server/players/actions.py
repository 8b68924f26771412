"""The audit actions of players; their details hold ids and numbers, and never a name or an address of commits."""

from tgl_server.audit.actions import AuditAction


class PlayerAction(AuditAction):
    PLAYERS_MERGED = "player:merged"
    PLAYER_SPLIT = "player:split"
    PLAYER_CHANGED = "player:changed"
    PLAYER_ERASED = "player:erased"
    IDENTITY_JOINED = "identity:joined"
    IDENTITY_CHANGED = "identity:changed"
    ADDRESS_SHARED = "identity:address_shared"
    MAILMAP_APPLIED = "identity:mailmap_applied"
    SUGGESTION_DISMISSED = "player:suggestion_dismissed"
    SUGGESTION_TAKEN_BACK = "player:suggestion_taken_back"
    CLAIM_FILED = "claim:filed"
    CLAIM_APPROVED = "claim:approved"
    CLAIM_REFUSED = "claim:refused"
    CLAIM_WITHDRAWN = "claim:withdrawn"
