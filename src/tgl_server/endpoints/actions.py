"""The audit actions of endpoints."""

from tgl_server.audit.actions import AuditAction


class EndpointAction(AuditAction):
    ENDPOINT_CREATED = "endpoint:created"
    ENDPOINT_CHANGED = "endpoint:changed"
    ENDPOINT_ROTATED = "endpoint:rotated"
    ENDPOINT_DELETED = "endpoint:deleted"
    ENDPOINT_REDELIVERED = "endpoint:redelivered"
    ENDPOINT_TESTED = "endpoint:tested"
