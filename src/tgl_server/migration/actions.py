"""The audit actions of moving a repository from one sync method to the other."""

from tgl_server.audit.actions import AuditAction


class MigrationAction(AuditAction):
    MIGRATED_TO_PUSH = "repo:migrated_to_push"
    ROLLED_BACK_TO_PULL = "repo:rolled_back_to_pull"
