"""Authentication as Litestar guards: they run before a body is read.

known_user      anyone we know, also who waits for approval; a session or a key
known_session   the same, with a session alone
signed_in       an active account; a session or a key
web_user        an active account with a session: a key must not make or widen keys, or act for a person
commissioner    a web user who is a commissioner
"""

from typing import Any, cast

from litestar import Request
from litestar.handlers import BaseRouteHandler

from tgl_protocol.keys import MalformedApiKeyError, looks_like_api_key, parse_api_key
from tgl_server import errors
from tgl_server.audit.service import Actor
from tgl_server.auth.api_key import ApiKeyAuthentication
from tgl_server.auth.principal import Principal
from tgl_server.auth.session import SessionAuthentication
from tgl_server.auth.usage import UsageCounter
from tgl_server.metrics.definitions import API_KEY_REFUSALS
from tgl_server.origin import AnyConnection, origin_of


async def identify(connection: AnyConnection) -> Principal:
    """The caller, active or waiting for approval; asked once a request and kept with it. Raises a 401 or 403 error."""
    known = connection.scope["state"].get("principal")
    if known is None:
        known = connection.scope["state"]["principal"] = await _identify(connection)
    return cast("Principal", known)


async def authenticate(connection: AnyConnection) -> Principal:
    """The caller, whose account is active. Raises a 401 or 403 error."""
    principal = await identify(connection)
    if not principal.is_active:
        raise errors.AccountNotActive("This account waits for a commissioner's approval.")
    return principal


async def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    """A dependency: the caller that the guard admitted."""
    return cast("Principal", request.scope["state"]["principal"])


async def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    """A dependency: the same, as the audit log names them."""
    principal = await provide_principal(request)
    return Actor(principal.user_id, principal.key_id, origin_of(request))


async def known_user(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """A guard: anyone we know."""
    await identify(connection)


async def known_session(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """A guard: anyone we know who has logged in."""
    _refuse_key(await identify(connection))


async def signed_in(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """A guard: any active account."""
    await authenticate(connection)


async def web_user(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """A guard: an active account that has logged in."""
    _refuse_key(await authenticate(connection))


async def commissioner(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """A guard: a commissioner who has logged in."""
    principal = await authenticate(connection)
    _refuse_key(principal)
    if not principal.is_commissioner:
        raise errors.Forbidden("Only a commissioner may do this.")


def _refuse_key(principal: Principal) -> None:
    if principal.key_id is not None:
        raise errors.SessionRequired


async def _identify(connection: AnyConnection) -> Principal:
    token = _bearer_token(connection)
    if looks_like_api_key(token):
        try:
            return await _by_key(connection, token)
        except (errors.Unauthenticated, errors.Forbidden) as refusal:
            API_KEY_REFUSALS.labels(refusal.code).inc()
            raise
    sessions: SessionAuthentication = connection.app.state.sessions
    return await sessions.principal(token)


async def _by_key(connection: AnyConnection, token: str) -> Principal:
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
