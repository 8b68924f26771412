"""Answers that are given before a request's body has been read.

A client that is still sending when its connection is closed sees a network error, where it should see the 401 or the
429 that was answered. So what is left of the body is read first and thrown away, within bounds; where it is more than
that, the answer says that the connection ends with it.
"""

import asyncio

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

# More than a batch of our client's, and little work for us.
_MOST_BYTES = 8 * 1024 * 1024
_MOST_SECONDS = 2.0
_CLOSE = (b"connection", b"close")


class _Body:
    """Of one request: whether it has been read to its end, and if not, how to get rid of the rest."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_read = False

    async def receive(self) -> ReceiveMessage:
        message = await self._receive()
        self.is_read = message["type"] != "http.request" or not message["more_body"]
        return message

    async def discard(self) -> None:
        """Read on until the end, or until it is enough."""
        left = _MOST_BYTES
        try:
            async with asyncio.timeout(_MOST_SECONDS):
                while left > 0 and not self.is_read:
                    message = await self.receive()
                    left -= len(message["body"]) if message["type"] == "http.request" else left
        except TimeoutError:
            return


def finish_bodies(app: ASGIApp) -> ASGIApp:
    """Middleware around everything that may answer early."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not _has_body(scope):
            await app(scope, receive, send)
            return
        body = _Body(receive)

        async def send_after_body(message: Message) -> None:
            if message["type"] == "http.response.start" and not body.is_read:
                await body.discard()
                if not body.is_read:
                    message["headers"] = [*message.get("headers", []), _CLOSE]
            await send(message)

        await app(scope, body.receive, send_after_body)

    return middleware


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
