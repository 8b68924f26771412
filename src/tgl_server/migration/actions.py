"""The audit actions of moving a repository from one sync method to the other, and of the proof before."""

from tgl_server.audit.actions import AuditAction


class MigrationAction(AuditAction):
    MIGRATED_TO_PUSH = "repo:migrated_to_push"
    COMPARISON_REQUESTED = "repo:comparison_requested"
    ROLLED_BACK_TO_PULL = "repo:rolled_back_to_pull"
