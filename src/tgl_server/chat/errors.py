"""The refusal of requests about chats that has a code of its own."""

from tgl_server.errors import Conflict


class TooManyChatHooks(Conflict):
    """This project tells as many chats as it may; delete one first."""

    code = "too_many_chat_hooks"
