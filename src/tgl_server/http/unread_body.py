"""Early answers, which are given before the request's body has been read.

A client that is still sending when its connection is closed sees a network error instead of the 401 or 429 that was
answered. So the rest of the body is read and discarded first, within bounds; if there is more than that, the answer
says that the connection ends with it.
"""

import asyncio

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

# More than a proxy with the configuration of `deploy/` lets pass: nginx tells a client of a connection that closes
# under its request with 502, which says nothing of the reason. It is little work to read.
_MOST_BYTES = 48 * 1024 * 1024
_MOST_SECONDS = 10.0
# Who sends nothing for so long waits for the answer.
_MOST_SILENT_SECONDS = 2.0
_CLOSE = (b"connection", b"close")


class _Body:
    """The body of one request, with a note of its end, so that the rest can be discarded."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_read = False

    async def receive(self) -> ReceiveMessage:
        message = await self._receive()
        self.is_read = message["type"] != "http.request" or not message["more_body"]
        return message

    async def discard(self) -> None:
        """Read and drop the rest, up to the limits of size and time."""
        left = _MOST_BYTES
        try:
            async with asyncio.timeout(_MOST_SECONDS):
                while left > 0 and not self.is_read:
                    message = await asyncio.wait_for(self.receive(), _MOST_SILENT_SECONDS)
                    left -= len(message["body"]) if message["type"] == "http.request" else left
        except TimeoutError:
            return


def finish_bodies(app: ASGIApp) -> ASGIApp:
    """Middleware around everything that may answer early: discards the rest of the body before the answer."""

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
