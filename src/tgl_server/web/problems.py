"""Refusals as pages for browsers: middleware that turns a problem document into a page, by path and `Accept`.

It stands around everything, so that a page's 404, the limiter's 429 and a database that is away look alike. The API's
paths answer problem documents to everybody.
"""

from typing import Any

import msgspec
from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from tgl_protocol.http import API_PREFIX, PROBLEM_MEDIA_TYPE
from tgl_protocol.problem import Problem
from tgl_server.web.assets import PATH as ASSETS
from tgl_server.web.policy import PAGE_HEADERS
from tgl_server.web.rendering import render

_NO_PAGES = (API_PREFIX, "/schema", "/health", "/ready", "/metrics", ASSETS)
_HTML = "text/html"

#: What a person reads in place of a status, and what they can do.
_HEADINGS = {
    400: "This request cannot be understood",
    403: "You may not do this",
    404: "There is nothing here",
    405: "This page does not take that",
    409: "That is not possible now",
    413: "That is too much at once",
    422: "Something is not right yet",
    429: "Too many requests",
    500: "The server failed",
    503: "The server cannot answer right now",
}


def show_problems(app: ASGIApp) -> ASGIApp:
    """Middleware: answers a browser's refused request with a page."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and _wants_page(scope):
            await app(scope, receive, _ProblemPages(scope, receive, send).send)
        else:
            await app(scope, receive, send)

    return middleware


def _wants_page(scope: HTTPScope) -> bool:
    path = scope["path"]
    if scope["method"] == "HEAD":  # there is no body to make a page of
        return False
    if any(path == prefix or path.startswith(f"{prefix}/") for prefix in _NO_PAGES):
        return False
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return _HTML in accept.decode("latin-1")


class _ProblemPages:
    """The sending side of one request: holds a problem document back until it is whole, and sends a page instead."""

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._start: HTTPResponseStartEvent | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message["body"]
            if not message.get("more_body"):
                await self._send_page(self._start)
        else:
            await self._send(message)

    async def _send_page(self, start: HTTPResponseStartEvent) -> None:
        request = Request[Any, Any, Any](self._scope, self._receive)
        problem = msgspec.json.decode(bytes(self._body), type=Problem)
        heading = _HEADINGS.get(problem.status, problem.title)
        text = render(request, "error.html", flash=None, problem=problem, heading=heading).encode()
        kept = [
            (name, value)
            for name, value in start["headers"]
            if name.lower() not in (b"content-type", b"content-length")
        ]
        own = {**PAGE_HEADERS, "Content-Type": f"{_HTML}; charset=utf-8", "Content-Length": str(len(text))}
        headers = [*kept, *((name.lower().encode(), value.encode()) for name, value in own.items())]
        await self._send({"type": start["type"], "status": start["status"], "headers": headers})
        await self._send({"type": "http.response.body", "body": text, "more_body": False})


def _is_problem(start: HTTPResponseStartEvent) -> bool:
    media = PROBLEM_MEDIA_TYPE.encode()
    return any(name.lower() == b"content-type" and value.startswith(media) for name, value in start["headers"])
