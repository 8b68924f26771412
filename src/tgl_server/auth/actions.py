"""The audit action for an API key that is refused."""

from tgl_server.audit.actions import AuditAction


class AuthAction(AuditAction):
    API_KEY_REFUSED = "api_key:refused"
