"""Security headers on every answer, errors included: they say what a browser may not do with it.

A header that the answer has already stays as it is: a web page has its own Content-Security-Policy.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tgl_server.http.request_context import Headers, context_of

_ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    # JSON needs nothing at all, so a body that a browser shows as a page can load, run and send nothing.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # Answers hold people's names and, once, an API key.
    (b"cache-control", b"no-store"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000")


def secure_answers(app: ASGIApp, *, is_production: bool) -> ASGIApp:
    """Middleware: adds the security headers and those of the request's context; HSTS in production only."""
    always = [*_ALWAYS, _HSTS] if is_production else _ALWAYS

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                names = {name.lower() for name, _ in own}
                added = [header for header in always if header[0] not in names]
                message["headers"] = [*own, *added, *context_of(scope).answer_headers]
            await send(message)

        await app(scope, receive, send_secured)

    return middleware
