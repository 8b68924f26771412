"""The audit actions of machines' logins; asking for one is none, as anybody may, and it changes nothing."""

from tgl_server.audit.actions import AuditAction


class DeviceAction(AuditAction):
    DEVICE_APPROVED = "device:approved"
    DEVICE_DECLINED = "device:declined"
    DEVICE_COLLECTED = "device:collected"
