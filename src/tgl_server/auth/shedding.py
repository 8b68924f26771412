"""Turning away keys that nobody has verified yet, while too many of them wait to be looked at.

Looking up a wrong key costs several times what this answer costs. Without it a flood of them, from so many
addresses that no limit per address is reached, keeps the event loop from those whose keys are right.
"""

from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from tgl_protocol.keys import looks_like_api_key
from tgl_server.auth.api_key import ApiKeyAuthentication
from tgl_server.errors import Unavailable
from tgl_server.problems import send_problem

# They share statements, so as many as this are looked up in a few milliseconds when the server has time for them.
MAX_STRANGERS = 32

_AUTHORIZATION = b"authorization"
_BEARER = "bearer "


def shed_strangers(app: ASGIApp, state: State) -> ASGIApp:
    """Middleware: answers 503 to a key that was not used of late, when enough such keys are being looked at."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and _is_one_too_many(scope, state):
            refusal = Unavailable("The server is busy verifying API keys; try again.", retry_after=1)
            await send_problem(scope, send, refusal)
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
