"""The audit action of an import. What the older system had logged itself becomes `legacy.` and its own word."""

from tgl_server.audit.actions import AuditAction


class LegacyAction(AuditAction):
    LEGACY_IMPORTED = "legacy:imported"
