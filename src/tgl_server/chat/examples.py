"""Examples of chats for the OpenAPI document: a type checker sees when one is outdated."""

from msgspec import Struct

from tgl_protocol.chat import ChatHookDeleted, ChatHookInfo, ChatHookList, ChatKind, ChatTest, NewChatHook
from tgl_server.http.example_values import AT, HOOK_ID

_HOOK = ChatHookInfo(
    id=HOOK_ID,
    kind=ChatKind.SLACK,
    shown="https://chat.example/…k2Yx",
    failing=True,
    stale=True,
    is_active=True,
    created_at=AT,
    last_sent_at=None,
    last_error=None,
)

EXAMPLES: list[Struct] = [
    NewChatHook(kind=ChatKind.SLACK, url="https://chat.example/services/T00/B00/a-secret"),
    _HOOK,
    ChatHookList([_HOOK]),
    ChatHookDeleted(HOOK_ID),
    ChatTest(is_taken=False, error="The chat answered 403"),
]
