"""The audit actions of webhooks."""

from tgl_server.audit.actions import AuditAction


class WebhookAction(AuditAction):
    WEBHOOK_CREATED = "webhook:created"
    WEBHOOK_ROTATED = "webhook:rotated"
    WEBHOOK_DELETED = "webhook:deleted"
    WEBHOOK_REFUSED = "webhook:delivery_refused"
