"""The audit actions of removals."""

from tgl_server.audit.actions import AuditAction


class RemovalAction(AuditAction):
    REPO_EMPTIED = "repo:emptied"
    REPO_PRUNED = "repo:pruned"
