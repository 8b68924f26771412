"""The audit actions of pulls."""

from tgl_server.audit.actions import AuditAction


class PullAction(AuditAction):
    PULL_REQUESTED = "repo:pull_requested"
    PULL_CANCELLED = "repo:pull_cancelled"
    PULL_SCHEDULED = "repo:pull_scheduled"
    PULL_PAUSED = "repo:pull_paused"
    PULL_RESUMED = "repo:pull_resumed"
    ALL_PULLS_PAUSED = "pulls:paused"
    ALL_PULLS_RESUMED = "pulls:resumed"
