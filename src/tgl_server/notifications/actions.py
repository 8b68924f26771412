"""The audit actions of notifications."""

from tgl_server.audit.actions import AuditAction


class NotificationAction(AuditAction):
    NOTIFICATION_CHOSEN = "notification:chosen"
    NOTIFICATION_UNSUBSCRIBED = "notification:unsubscribed"
    NOTIFICATION_TESTED = "notification:tested"
