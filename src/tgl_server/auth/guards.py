"""Authentication as Litestar guards: they run before a body is read."""

from typing import cast

from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from tgl_protocol.keys import MalformedApiKeyError, looks_like_api_key, parse_api_key
from tgl_server import errors
from tgl_server.auth.api_key import ApiKeyAuthentication
from tgl_server.auth.principal import Principal, Scope
from tgl_server.auth.usage import UsageCounter
from tgl_server.origin import AnyConnection, origin_of


async def authenticate(connection: AnyConnection) -> Principal:
    """The caller; asked once a request and kept with it. Raises a 401 or 403 error."""
    known = connection.scope["state"].get("principal")
    if known is None:
        known = connection.scope["state"]["principal"] = await _authenticate(connection)
    return cast("Principal", known)


async def _authenticate(connection: AnyConnection) -> Principal:
    token = _bearer_token(connection)
    if not looks_like_api_key(token):
        raise errors.InvalidCredentials
    try:
        key = parse_api_key(token)
    except MalformedApiKeyError:
        raise errors.MalformedApiKey from None
    keys: ApiKeyAuthentication = connection.app.state.api_keys
    usage: UsageCounter = connection.app.state.usage
    origin = origin_of(connection)
    principal = await keys.principal(key, origin)
    assert principal.key_id is not None
    usage.count(principal.key_id, origin)
    return principal


def _bearer_token(connection: AnyConnection) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise errors.MissingCredentials
    return token.strip()


def needs_scope(scope: Scope) -> Guard:
    """A guard: the caller is known, and a key has this scope."""

    async def guard(connection: AnyConnection, _: BaseRouteHandler) -> None:
        principal = await authenticate(connection)
        if scope not in principal.scopes:
            raise errors.InsufficientScope(f"This API key lacks the scope {scope}.")

    return guard
