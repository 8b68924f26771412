"""Limits on a request: the size of its head, and the time that its body may take to arrive."""

import asyncio

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, ReceiveMessage, Scope, Send

from tgl_server.errors import BadRequest, HeadersTooLarge, RequestTimeout
from tgl_server.http.declarations import RawBody, declared
from tgl_server.http.problems import send_problem

# Granian itself answers an empty 431 to a head of two to four times this size.
MAX_HEAD_BYTES = 32 * 1024

_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def limit_head(app: ASGIApp) -> ASGIApp:
    """Middleware around everything that reads the head: answers 431 to a large one, whether a route takes it or not."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and _head_bytes(scope) > MAX_HEAD_BYTES:
            message = f"The address and the headers of a request may have {MAX_HEAD_BYTES} bytes in all."
            await send_problem(scope, send, HeadersTooLarge(message))
            return
        await app(scope, receive, send)

    return middleware


def limit_body_time(app: ASGIApp, body_seconds: float) -> ASGIApp:
    """Litestar middleware around the guards and the handler: refuses slow bodies, as problems."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] in _WITH_BODY:
            receive = _receive_in_time(receive, body_seconds, is_streamed=_is_streamed(scope))
        await app(scope, receive, send)

    return middleware


def _head_bytes(scope: HTTPScope) -> int:
    address = len(scope["raw_path"]) + len(scope["query_string"])
    return address + sum(len(name) + len(value) for name, value in scope["headers"])


def _is_streamed(scope: HTTPScope) -> bool:
    body = declared(scope["route_handler"], RawBody)
    return body is not None and body.is_streamed


def _receive_in_time(receive: Receive, seconds: float, *, is_streamed: bool) -> Receive:
    """A `receive` that raises `RequestTimeout` unless the whole body arrives in `seconds`: drip by drip is too slow.

    A stream may take as long as it likes, as the server makes it wait itself; only each part must come in time.
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
