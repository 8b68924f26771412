"""The audit actions for the audit log itself."""

from tgl_server.audit.actions import AuditAction


class AuditLogAction(AuditAction):
    AUDIT_LOG_EXPORTED = "audit_log:exported"
    AUDIT_LOG_PRUNED = "audit_log:pruned"
