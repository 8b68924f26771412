"""What the audit log can say; one enum for the whole server."""

from enum import StrEnum


class AuditAction(StrEnum):
    """`resource:what_happened`."""

    USER_CREATED = "user:created"
    API_KEY_CREATED = "api_key:created"
    API_KEY_REFUSED = "api_key:refused"
    PROJECT_CREATED = "project:created"
    REPO_CREATED = "repo:created"
    SYNC_STARTED = "sync:started"
    SYNC_REFUSED = "sync:refused"


class AuditOutcome(StrEnum):
    SUCCESS = "success"
    REFUSED = "refused"
