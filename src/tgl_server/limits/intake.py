"""How large the head of a request may be, and how long its body may take to arrive."""

import asyncio

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, ReceiveMessage, Scope, Send

from tgl_server.errors import BadRequest, HeadersTooLarge, RequestTimeout

# Granian refuses somewhere between the double of this and four times as much: with an empty 431, without asking us.
MAX_HEAD_BYTES = 32 * 1024

# In a handler's `opt`: its body has no end that could be waited for.
BODY_OPTION = "body"
STREAMED = "streamed"

_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def limit_intake(app: ASGIApp, body_seconds: float) -> ASGIApp:
    """Litestar middleware, so that its refusals become problems: around the guards and the handler."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            _refuse_large_head(scope)
            if scope["method"] in _WITH_BODY:
                receive = _receive_in_time(receive, body_seconds, is_streamed=_is_streamed(scope))
        await app(scope, receive, send)

    return middleware


def _refuse_large_head(scope: HTTPScope) -> None:
    address = len(scope["raw_path"]) + len(scope["query_string"])
    if address + sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEAD_BYTES:
        raise HeadersTooLarge(f"The address and the headers of a request may have {MAX_HEAD_BYTES} bytes in all.")


def _is_streamed(scope: HTTPScope) -> bool:
    return scope["route_handler"].opt.get(BODY_OPTION) == STREAMED


def _receive_in_time(receive: Receive, seconds: float, *, is_streamed: bool) -> Receive:
    """The whole body, not each part of it, must arrive in this time: a byte a second is never late by itself.

    A stream may take as long as it likes, as we make it wait ourselves; only its next part must come in time.
    """
    deadline = 0.0
    is_complete = False

    async def receive_body() -> ReceiveMessage:
        nonlocal deadline, is_complete
        if is_complete:
            return await receive()
        if is_streamed or not deadline:
            deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise RequestTimeout(headers={"Connection": "close"}) from None
        if message["type"] == "http.disconnect":
            raise BadRequest("The connection was closed in the middle of the body.")
        is_complete = message["type"] == "http.request" and not message["more_body"]
        return message

    return receive_body
