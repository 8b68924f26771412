"""The audit actions of pushes."""

from tgl_server.audit.actions import AuditAction


class SyncAction(AuditAction):
    SYNC_STARTED = "sync:started"
    SYNC_REFUSED = "sync:refused"
