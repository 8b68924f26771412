"""The audit actions of chats."""

from tgl_server.audit.actions import AuditAction


class ChatAction(AuditAction):
    CHAT_HOOK_CREATED = "chat_hook:created"
    CHAT_HOOK_DELETED = "chat_hook:deleted"
    CHAT_HOOK_TESTED = "chat_hook:tested"
