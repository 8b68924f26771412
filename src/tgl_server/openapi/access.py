"""Access to an operation for the document: who may call it and how others are refused, as its guards declare."""

from collections.abc import Iterator
from typing import Any

from litestar.handlers import HTTPRouteHandler

from tgl_server.errors import ApiError
from tgl_server.http.declarations import Admission, PathName, TokenScheme, admission_of

KEY, SESSION = "apiKey", "session"

SECURITY_SCHEMES: dict[str, Any] = {
    KEY: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "tgl_<8 characters>_<secret>",
        "description": "An API key, sent as `Authorization: Bearer tgl_...`. The words beside it are its scopes.",
    },
    SESSION: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` of `login`, sent as `Authorization: Bearer ...`.",
    },
}


def security_of(handler: HTTPRouteHandler) -> list[dict[str, list[str]]]:
    """The operation's `security`; an empty list admits everybody."""
    token = token_of(handler)
    if token is not None:
        return [{}, {token.name: []}]
    asking = [admission for admission in _admissions(handler) if admission.authenticates]
    if not asking:
        return []
    scopes = asking[-1].scopes
    if scopes is None:
        return [{SESSION: []}]
    by_key: list[dict[str, list[str]]] = [{KEY: [str(scope)]} for scope in scopes] or [{KEY: []}]
    return [*by_key, {SESSION: []}]


def token_of(handler: HTTPRouteHandler) -> TokenScheme | None:
    """The token of its own that a guard of the operation takes; None without one."""
    return next((admission.token for admission in _admissions(handler) if admission.token), None)


def security_scheme(token: TokenScheme) -> dict[str, Any]:
    """A guard's own token as an entry of `components/securitySchemes`."""
    return {"type": "http", "scheme": "bearer", "description": token.description}


def guard_errors(handler: HTTPRouteHandler) -> list[type[ApiError]]:
    """The errors that the guards raise, for callers and for the path."""
    found = [admission.refuses for admission in _admissions(handler)]
    found += [name.refuses for name in path_names(handler).values()]
    return [error for refused in found for error in refused]


def path_names(handler: HTTPRouteHandler) -> dict[str, PathName]:
    """The path parameters that the guards read, by name."""
    return {name.name: name for admission in _admissions(handler) for name in admission.path}


def who_may(handler: HTTPRouteHandler) -> str:
    """The sentence on who may call the operation, from the docstring of the guard that decides."""
    guards = handler.resolve_guards()
    return (guards[-1].__doc__ or "").strip() if guards else "Anyone."


def _admissions(handler: HTTPRouteHandler) -> Iterator[Admission]:
    """The admissions of the operation's guards; raises `LookupError` for a guard that declares none."""
    return (admission_of(guard) for guard in handler.resolve_guards())
