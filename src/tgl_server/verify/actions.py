"""The audit action of repairs."""

from tgl_server.audit.actions import AuditAction


class VerifyAction(AuditAction):
    REPO_REPAIRED = "repo:repaired"
