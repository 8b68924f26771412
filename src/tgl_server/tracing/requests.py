"""A span for each request, named by the template of its route, with HTTP's semantic conventions.

Bodies, queries and headers are left out, except for the caller's `traceparent` and `User-Agent`; in the rest, whatever
looks like a key or an e-mail address is masked.
"""

import re
import time
from collections.abc import Callable, Mapping

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from opentelemetry.context import Context
from opentelemetry.semconv.attributes.client_attributes import CLIENT_ADDRESS
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.attributes.http_attributes import (
    HTTP_REQUEST_METHOD,
    HTTP_REQUEST_METHOD_ORIGINAL,
    HTTP_RESPONSE_STATUS_CODE,
    HTTP_ROUTE,
)
from opentelemetry.semconv.attributes.network_attributes import NETWORK_PROTOCOL_VERSION
from opentelemetry.semconv.attributes.server_attributes import SERVER_ADDRESS, SERVER_PORT
from opentelemetry.semconv.attributes.url_attributes import URL_PATH, URL_SCHEME
from opentelemetry.semconv.attributes.user_agent_attributes import USER_AGENT_ORIGINAL
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tgl_server.http.client_address import client_ip
from tgl_server.http.request_context import context_of
from tgl_server.logs.masking import mask_client_text
from tgl_server.metrics.requests import METHODS
from tgl_server.tracing.current import current_trace

#: The most spans of phases in one trace: a stream has four for each thousand commits, and any number of commits.
MAX_PHASES = 300

_MOST_CHARACTERS = 300
_WORD = re.compile(r"[^\s/()<>,;]++")
_TRACEPARENT, _USER_AGENT = b"traceparent", b"user-agent"
_CALLER = TraceContextTextMapPropagator()

Attributes = dict[str, str | int]


def trace_requests(app: ASGIApp, started_tracer: Callable[[], Tracer]) -> ASGIApp:
    """Middleware around all others; call `started_tracer` once the application has started."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        tracer = started_tracer()
        span = tracer.start_span(_method(scope), context=_caller(scope), kind=SpanKind.SERVER, attributes=_asked(scope))
        _bind_trace_id(span)
        status = 0

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        token = current_trace.set(SpanOfRequest(tracer, span) if span.is_recording() else None)
        try:
            await app(scope, receive, send_noting_status)
        except BaseException as error:
            span.set_attribute(ERROR_TYPE, type(error).__qualname__)
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            current_trace.reset(token)
            _end(span, scope, status)

    return middleware


class SpanOfRequest:
    """The span of a request: phases of ingest become spans below it, and counts become its attributes."""

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span
        self._below = set_span_in_context(span, Context())
        self._phases = 0
        self._total = 0
        self._inserted = 0

    def phase(self, name: str, seconds: float) -> None:
        self._phases += 1
        if self._phases > MAX_PHASES:
            self._span.set_attribute("tgl.phases_left_out", self._phases - MAX_PHASES)
            return
        now = time.time_ns()
        began = now - int(seconds * 1e9)
        self._tracer.start_span(name, context=self._below, start_time=began).end(now)

    def stored(self, repo_id: str, total: int, inserted: int) -> None:
        self._total += total
        self._inserted += inserted
        self._span.set_attributes(
            {"tgl.repo_id": repo_id, "tgl.commits.total": self._total, "tgl.commits.inserted": self._inserted}
        )


def _caller(scope: HTTPScope) -> Context:
    """The trace that the request names, if any; without `tracestate`, which only matters to services that we call."""
    sent = _header(scope, _TRACEPARENT)
    carrier: Mapping[str, str] = {} if sent is None else {"traceparent": sent}
    return _CALLER.extract(carrier, context=Context())


def _bind_trace_id(span: Span) -> None:
    """Add the trace's id to every line of the log, up to the request's own, which clears it."""
    context = span.get_span_context()
    if context.is_valid:
        structlog.contextvars.bind_contextvars(trace_id=format_trace_id(context.trace_id))


def _asked(scope: HTTPScope) -> Attributes:
    attributes: Attributes = {
        HTTP_REQUEST_METHOD: scope["method"] if scope["method"] in METHODS else "_OTHER",
        URL_SCHEME: scope["scheme"],
        URL_PATH: _masked(scope["raw_path"].partition(b"?")[0].decode("latin-1")),
        NETWORK_PROTOCOL_VERSION: scope["http_version"],
    }
    if scope["method"] not in METHODS:
        attributes[HTTP_REQUEST_METHOD_ORIGINAL] = _masked(scope["method"])
    if scope["server"] is not None:
        host, port = scope["server"]
        attributes |= {SERVER_ADDRESS: host} if port is None else {SERVER_ADDRESS: host, SERVER_PORT: port}
    if (agent := _header(scope, _USER_AGENT)) is not None:
        attributes[USER_AGENT_ORIGINAL] = _masked(agent)
    return attributes


def _end(span: Span, scope: HTTPScope, status: int) -> None:
    """End the span with what is known only now: the route, the client behind its proxy, and the answer."""
    route = scope.get("path_template")
    if route:
        span.update_name(f"{_method(scope)} {route}")
        span.set_attribute(HTTP_ROUTE, route)
    span.set_attribute("tgl.request_id", context_of(scope).request_id)
    if (client := client_ip(scope)) is not None:
        span.set_attribute(CLIENT_ADDRESS, client)
    if status:
        span.set_attribute(HTTP_RESPONSE_STATUS_CODE, status)
    if status >= 500:
        span.set_attribute(ERROR_TYPE, str(status))
        span.set_status(StatusCode.ERROR)
    span.end()


def _method(scope: HTTPScope) -> str:
    """The method for the span's name; HTTP for an unknown one."""
    return scope["method"] if scope["method"] in METHODS else "HTTP"


def _header(scope: HTTPScope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)


def _masked(text: str) -> str:
    """The text, cut and then masked; a word with an @ counts as an e-mail address."""
    return _WORD.sub(_mask_address, mask_client_text(text, _MOST_CHARACTERS))


def _mask_address(word: re.Match[str]) -> str:
    return "***" if "@" in word[0] or "%40" in word[0] else word[0]
