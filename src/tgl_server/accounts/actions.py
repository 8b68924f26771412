"""The audit actions of users and their sessions."""

from tgl_server.audit.actions import AuditAction


class AccountAction(AuditAction):
    USER_CREATED = "user:created"
    USER_CHANGED = "user:changed"
    USER_PASSWORD_CHANGED = "user:password_changed"  # noqa: S105 -- an act, not a secret
    SESSION_OPENED = "session:opened"
    SESSION_REFUSED = "session:refused"
    SESSION_ENDED = "session:ended"
    LINK_MADE = "link:made"
    LINK_USED = "link:used"
