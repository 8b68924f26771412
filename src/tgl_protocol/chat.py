"""Incoming webhooks of chats, to which a project's repositories tell what happens to them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from tgl_protocol.about import about

#: Of one project.
MAX_CHAT_HOOKS: Final = 10
MAX_CHAT_URL_LENGTH: Final = 2000


class ChatKind(StrEnum):
    """The chat that a message goes to, which decides its shape; `teams` is an Adaptive Card."""

    SLACK = "slack"
    TEAMS = "teams"
    MATTERMOST = "mattermost"
    DISCORD = "discord"


class NewChatHook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chat to tell: its address is a secret, which is sealed and never shown again."""

    kind: Annotated[ChatKind, about("Which chat it is")]
    url: Annotated[
        str, Meta(min_length=1, max_length=MAX_CHAT_URL_LENGTH), about("The address of the chat's incoming webhook")
    ]
    failing: Annotated[bool, about("Whether to tell of repositories that fail, and that they recover")] = True
    stale: Annotated[bool, about("Whether to tell of repositories that are late, and that they recover")] = True


class ChatHookInfo(Struct, frozen=True, kw_only=True):
    """A chat that is told, without its address."""

    id: Annotated[UUID, about("The hook's id")]
    kind: Annotated[ChatKind, about("Which chat it is")]
    shown: Annotated[str, about("The host of the address, and its last characters")]
    failing: Annotated[bool, about("Whether it is told of repositories that fail")]
    stale: Annotated[bool, about("Whether it is told of repositories that are late")]
    is_active: Annotated[bool, about("False after the chat has answered that there is no such webhook")]
    created_at: Annotated[datetime, about("When it was made")]
    last_sent_at: Annotated[datetime | None, about("When a message was last taken; null for never")]
    last_error: Annotated[str | None, about("Why the last message was not taken; null if it was")]


class ChatHookList(Struct, frozen=True):
    """The chats of a project, oldest first."""

    items: Annotated[list[ChatHookInfo], about("The chats")]


class ChatHookDeleted(Struct, frozen=True):
    """A chat that is told no more."""

    id: Annotated[UUID, about("The hook's id")]


class ChatTest(Struct, frozen=True, kw_only=True):
    """What came of a test message."""

    is_taken: Annotated[bool, about("Whether the chat has taken it")]
    error: Annotated[str | None, about("Why not; null if it has")]
