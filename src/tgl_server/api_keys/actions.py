"""The audit actions of an API key's owner."""

from tgl_server.audit.actions import AuditAction


class ApiKeyAction(AuditAction):
    API_KEY_CREATED = "api_key:created"
    API_KEY_CHANGED = "api_key:changed"
    API_KEY_REVOKED = "api_key:revoked"
    API_KEY_ROTATED = "api_key:rotated"
