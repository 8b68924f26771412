"""The audit action for a person who tried what they may not do."""

from tgl_server.audit.actions import AuditAction


class AccessAction(AuditAction):
    ACCESS_REFUSED = "access:refused"
