"""What the audit log can say; one enum for the whole server."""

from enum import StrEnum


class AuditAction(StrEnum):
    """`resource:what_happened`."""

    USER_CREATED = "user:created"
    USER_CHANGED = "user:changed"
    USER_PASSWORD_CHANGED = "user:password_changed"  # noqa: S105 -- an act, not a secret
    SESSION_OPENED = "session:opened"
    SESSION_REFUSED = "session:refused"
    SESSION_ENDED = "session:ended"
    ACCESS_REFUSED = "access:refused"
    API_KEY_CREATED = "api_key:created"
    API_KEY_CHANGED = "api_key:changed"
    API_KEY_REVOKED = "api_key:revoked"
    API_KEY_ROTATED = "api_key:rotated"
    API_KEY_REFUSED = "api_key:refused"
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
    REPO_REPAIRED = "repo:repaired"
    AUDIT_LOG_EXPORTED = "audit_log:exported"
    SYNC_STARTED = "sync:started"
    SYNC_REFUSED = "sync:refused"


class AuditOutcome(StrEnum):
    SUCCESS = "success"
    REFUSED = "refused"
