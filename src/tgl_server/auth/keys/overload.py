"""Overload: unverified keys are refused while the queue of those waiting for verification is full.

Many right keys at once, as when a hundred jobs start at midnight, wait in that queue and are served. A flood of wrong
ones, from so many addresses that no limit per address is reached, fills it: further ones are refused at a tenth of the
cost of a look-up, so that the event loop stays free for keys that are verified.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from tgl_protocol.keys import looks_like_api_key
from tgl_server.auth.bearer import bearer_token
from tgl_server.auth.keys.authenticate import ApiKeyAuthentication
from tgl_server.http.problems import send_problem

# About as many as Argon2 verifies in ten seconds on an ordinary core, at its default cost.
MAX_UNVERIFIED = 320

_AUTHORIZATION = b"authorization"


def shed_unverified_keys(app: ASGIApp, keys: ApiKeyAuthentication) -> ASGIApp:
    """Middleware: answers 503 to an unverified key while the queue of such keys is full."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and _is_one_too_many(scope, keys):
            await send_problem(scope, send, keys.too_many())
            return
        await app(scope, receive, send)

    return middleware


def _is_one_too_many(scope: HTTPScope, keys: ApiKeyAuthentication) -> bool:
    if keys.unverified < MAX_UNVERIFIED:
        return False
    header = next((value for name, value in scope["headers"] if name == _AUTHORIZATION), b"")
    token = bearer_token(header.decode("latin-1"))
    return token is not None and looks_like_api_key(token) and keys.is_unverified(token)
