"""Turning away keys that nobody has verified yet, when the line of those that wait to be looked at is full.

A crowd of right keys, as when a hundred jobs start at midnight, waits in that line and is served. A flood of wrong
ones, from so many addresses that no limit per address is reached, fills it: what comes then is answered for a tenth
of what a look-up costs, so that the event loop is left to those whose keys are known.
"""

from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from tgl_protocol.keys import looks_like_api_key
from tgl_server.auth.api_key import ApiKeyAuthentication, too_many_strangers
from tgl_server.problems import send_problem

# About as many as Argon2 verifies in ten seconds on an ordinary core, at its default cost.
MAX_STRANGERS = 320

_AUTHORIZATION = b"authorization"
_BEARER = "bearer "


def shed_strangers(app: ASGIApp, state: State) -> ASGIApp:
    """Middleware: answers 503 to a key that was not used of late, when the line of such keys is full."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and _is_one_too_many(scope, state):
            await send_problem(scope, send, too_many_strangers())
            return
        await app(scope, receive, send)

    return middleware


def _is_one_too_many(scope: HTTPScope, state: State) -> bool:
    keys: ApiKeyAuthentication = state.api_keys
    if keys.strangers < MAX_STRANGERS:
        return False
    token = _bearer_token(scope)
    return looks_like_api_key(token) and keys.is_stranger(token)


def _bearer_token(scope: HTTPScope) -> str:
    value = next((value for name, value in scope["headers"] if name == _AUTHORIZATION), b"").decode("latin-1")
    return value[len(_BEARER) :].strip() if value[: len(_BEARER)].lower() == _BEARER else ""
