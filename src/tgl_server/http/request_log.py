"""The request log: an id and one structured line for each request. Neither headers nor bodies are ever logged."""

import re
import time

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from tgl_protocol.http import REQUEST_ID_HEADER
from tgl_server.http.client_address import client_ip
from tgl_server.http.declarations import NeverEnds, declared
from tgl_server.http.request_context import begin_context
from tgl_server.logs.masking import mask_client_text, mask_secrets
from tgl_server.metrics.requests import count_request

log = structlog.get_logger("access")

_HEADER = REQUEST_ID_HEADER.lower().encode()
# Longer than any standard method.
_MOST_METHOD = 20
_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def log_requests(app: ASGIApp) -> ASGIApp:
    """Middleware: takes the caller's request id or makes one, answers it, and logs and counts the finished request."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id = _request_id(scope)
        context = begin_context(scope, request_id)
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
            count_request(scope, status, None if _never_ends(scope) else seconds)
            # The path as it was sent, without the query: a decoded one could hold a line break and forge a second line.
            path = mask_client_text(scope["raw_path"].partition(b"?")[0].decode("latin-1"))
            log.info(
                "request",
                method=scope["method"][:_MOST_METHOD],
                path=path,
                status=status,
                ms=round(seconds * 1000, 1),
                client=client_ip(scope),
                **context.log_fields,
            )
            structlog.contextvars.clear_contextvars()

    return middleware


def _never_ends(scope: Scope) -> bool:
    try:
        return declared(scope["route_handler"], NeverEnds) is not None
    except KeyError:  # no route takes it
        return False


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _HEADER and _ACCEPTABLE.fullmatch(value):
            text = value.decode()
            # An id is kept and sent back; an API key that was sent as one by mistake is not.
            return text if mask_secrets(text) == text else uuid7().hex
    return uuid7().hex
