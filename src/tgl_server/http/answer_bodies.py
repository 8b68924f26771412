"""Answers to GET made cheaper: one that the client has already is 304, and a long one is compressed.

Both only for whole JSON and YAML bodies of GET with status 200. Pages are compressed as well, although nobody keeps
them. What shows keys or tokens is never compressed: the length of a compressed body tells what a secret has in common
with a text that an attacker chose (BREACH). Such answers are to POST, and say `no-store` besides, or `no-transform` if
they are pages, which have no other secret in them. Streams, metrics and exports pass as they are.
"""

import gzip
from collections.abc import Callable
from hashlib import blake2b

import zstandard
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseBodyEvent, HTTPResponseStartEvent, Message, Receive, Scope, Send

from tgl_server.http.request_context import Headers as RawHeaders

# Shorter ones are not worth the client's time to expand them.
MIN_BYTES = 1024
# A longer body would keep the event loop for too long; only a status of very many refs is one.
MAX_BYTES = 1024 * 1024
_TYPES = (b"application/json", b"application/yaml")
_PAGE = b"text/html"


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=5, mtime=0)


# One for all, as making one takes longer than using it; all answers are made by the thread of the event loop.
_zstd = zstandard.ZstdCompressor(level=3).compress


#: What is tried first comes first: Zstandard takes a fifth of the time, for as few bytes.
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {"zstd": _zstd, "gzip": _gzip}


def spare_bodies(app: ASGIApp) -> ASGIApp:
    """Middleware: adds an ETag to answers, answers 304 to who has that one, and compresses for who accepts it."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
            await app(scope, receive, send)
            return
        start: HTTPResponseStartEvent | None = None

        async def send_spared(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _may_be_spared(message):
                start = message
            elif start is not None and message["type"] == "http.response.body":
                begun, start = start, None
                for part in _spared(Headers.from_scope(scope), begun, message):
                    await send(part)
            else:
                await send(message)

        await app(scope, receive, send_spared)

    return middleware


def _may_be_spared(start: HTTPResponseStartEvent) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    if start["status"] != 200 or b"content-encoding" in headers:
        return False
    control, kind = headers.get(b"cache-control", b""), headers.get(b"content-type", b"").split(b";")[0]
    if kind == _PAGE:
        return b"no-transform" not in control
    return b"no-store" not in control and kind in _TYPES


def _is_kept(start: HTTPResponseStartEvent) -> bool:
    """True for an answer that a client may keep, so that it can ask whether that is still the one."""
    return not any(name.lower() == b"cache-control" and b"no-store" in value for name, value in start["headers"])


def _spared(
    asked: Headers, start: HTTPResponseStartEvent, body: HTTPResponseBodyEvent
) -> tuple[HTTPResponseStartEvent, HTTPResponseBodyEvent]:
    """The two messages of an answer, as short as the client allows."""
    content = body["body"]
    if body["more_body"] or len(content) > MAX_BYTES:
        return start, body
    headers = [header for header in start["headers"] if header[0].lower() != b"content-length"]
    headers.append((b"vary", b"Accept-Encoding"))
    if _is_kept(start):
        tag = f'W/"{blake2b(content, digest_size=16).hexdigest()}"'
        headers.append((b"etag", tag.encode()))
        if has_tag(asked.get("if-none-match", ""), tag):
            kept = [header for header in headers if header[0].lower() != b"content-type"]
            return _messages(304, kept, b"")
    coding = chosen_encoding(asked.get("accept-encoding", "")) if len(content) >= MIN_BYTES else None
    if coding is not None:
        content = ENCODINGS[coding](content)
        headers.append((b"content-encoding", coding.encode()))
    return _messages(200, [*headers, (b"content-length", b"%d" % len(content))], content)


def _messages(status: int, headers: RawHeaders, body: bytes) -> tuple[HTTPResponseStartEvent, HTTPResponseBodyEvent]:
    return (
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body, "more_body": False},
    )


def has_tag(if_none_match: str, tag: str) -> bool:
    """True if the header names this tag, weak or strong, or any (RFC 9110, section 13.1.2)."""
    named = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return "*" in named or tag.removeprefix("W/") in named


def chosen_encoding(accept_encoding: str) -> str | None:
    """The best of our encodings that the header accepts; None for an answer as it is."""
    weights: dict[str, float] = {}
    for each in accept_encoding.lower().split(","):
        name, _, parameter = each.partition(";")
        weights[name.strip()] = _weight(parameter)
    accepted = [name for name in ENCODINGS if weights.get(name, weights.get("*", 0.0)) > 0]
    return max(accepted, key=lambda name: weights.get(name, 0.0), default=None)


def _weight(parameter: str) -> float:
    """The `q` of an encoding: 1 without one, and 0, which refuses it, for one that is no number."""
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
