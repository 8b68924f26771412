"""A request's id, one structured line about each answer, and its count. Neither headers nor bodies are ever logged."""

import re
import time

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from tgl_protocol.http import REQUEST_ID_HEADER
from tgl_server.metrics.requests import count_request
from tgl_server.origin import client_ip

log = structlog.get_logger("access")

_HEADER = REQUEST_ID_HEADER.lower().encode()
_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def log_requests(app: ASGIApp) -> ASGIApp:
    """Middleware: takes the caller's request id or makes one, answers it, and logs the request when it is done."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["state"]["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (_HEADER, request_id.encode())]
            await send(message)

        try:
            await app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            count_request(scope, status, seconds)
            # As it was sent, without the query: decoded, it could hold a line's end and forge a second line.
            path = scope["raw_path"].partition(b"?")[0].decode("latin-1")
            log.info(
                "request",
                method=scope["method"],
                path=path,
                status=status,
                ms=round(seconds * 1000, 1),
                client=client_ip(scope),
            )
            structlog.contextvars.clear_contextvars()

    return middleware


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _HEADER and _ACCEPTABLE.fullmatch(value):
            return value.decode()
    return uuid7().hex
