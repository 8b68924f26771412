"""The audit actions of projects, their members and their repositories."""

from tgl_server.audit.actions import AuditAction


class ProjectAction(AuditAction):
    PROJECT_CREATED = "project:created"
    PROJECT_CHANGED = "project:changed"
    PROJECT_TRANSFERRED = "project:transferred"
    PROJECT_DELETED = "project:deleted"
    MEMBER_ADDED = "member:added"
    MEMBER_CHANGED = "member:changed"
    MEMBER_REMOVED = "member:removed"
    REPO_CREATED = "repo:created"
    REPO_CHANGED = "repo:changed"
    REPO_DELETED = "repo:deleted"
