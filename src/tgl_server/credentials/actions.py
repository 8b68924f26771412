"""The audit actions of a remote's credentials and host keys."""

from tgl_server.audit.actions import AuditAction


class CredentialAction(AuditAction):
    CREDENTIALS_SET = "credentials:set"
    CREDENTIALS_DELETED = "credentials:deleted"
    HOST_KEYS_CONFIRMED = "host_keys:confirmed"
