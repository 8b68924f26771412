"""Large answers, handed to the HTTP server a piece at a time, as the client reads them.

Granian takes whatever it is given, and keeps a copy until the client has read it. So whoever asks for a large answer
and never reads would make it hold a copy for each connection. It makes us wait once a few pieces are unread, and the
answer itself is one object, which all requests share if it is constant. How long a client may take to read is the
business of `serving/unread_answers.py`.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseBodyEvent, Message, Receive, Scope, Send

# Granian holds four pieces of a connection, and hyper as much as a head may have.
PIECE_BYTES = 16 * 1024
#: What is sent at once: most answers are smaller, and cost nothing more than before.
WHOLE_BYTES = 64 * 1024


def send_in_pieces(app: ASGIApp) -> ASGIApp:
    """Middleware: cuts large parts of an answer into pieces; each waits until the connection has room for it."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return

        async def send_pieces(message: Message) -> None:
            if message["type"] != "http.response.body" or len(message["body"]) <= WHOLE_BYTES:
                await send(message)
                return
            rest = memoryview(message["body"])
            while len(rest) > PIECE_BYTES:
                await send(_part(rest[:PIECE_BYTES], more=True))
                rest = rest[PIECE_BYTES:]
            await send(_part(rest, more=message["more_body"]))

        await app(scope, receive, send_pieces)

    return middleware


def _part(piece: memoryview, *, more: bool) -> HTTPResponseBodyEvent:
    return {"type": "http.response.body", "body": bytes(piece), "more_body": more}
