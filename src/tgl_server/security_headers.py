"""Headers on every answer, errors included: what a browser may not do with it.

A header that the answer brings itself stays as it is: a web page has its own Content-Security-Policy.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

_STATE_KEY = "answer_headers"
_ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    # JSON needs nothing at all, so a body that a browser takes for a page can load, run and send nothing.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # Answers hold people's names and, once, a key.
    (b"cache-control", b"no-store"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000")


def add_answer_headers(scope: Scope, headers: Headers) -> None:
    """Headers for the answer to this request, whatever it will be."""
    scope["state"].setdefault(_STATE_KEY, []).extend(headers)


def secure_answers(app: ASGIApp, *, is_production: bool) -> ASGIApp:
    """Middleware: adds the headers of this module and those of `add_answer_headers`. HSTS in production alone."""
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
                message["headers"] = [*own, *added, *scope["state"].get(_STATE_KEY, ())]
            await send(message)

        await app(scope, receive, send_secured)

    return middleware
