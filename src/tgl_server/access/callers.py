"""Guards that ask who the caller is: they run before a body is read.

known_user      anyone with an account, even one that waits for approval; a session or a key
known_session   anyone with an account, even one that waits for approval; a session only
session_user    an active account with a session: a key must not make or widen keys, or act for a person
commissioner    a session user who is a commissioner

Other guards are made with `admits_sessions` and `admits_keys` too, which check what they declare for the document
before the guard's own body runs.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from litestar.handlers import BaseRouteHandler

from tgl_server import errors
from tgl_server.auth.bearer import bearer_token, key_in_log
from tgl_server.auth.principal import Principal, Scope
from tgl_server.http.client_address import AnyConnection, origin_of
from tgl_server.http.declarations import Admission, ErrorTypes, PathName, declare_admission
from tgl_server.http.request_context import context_of
from tgl_server.services import services_of

Guard = Callable[[AnyConnection, BaseRouteHandler], Coroutine[Any, Any, None]]

# Any token is verified before its kind is checked, so every endpoint can answer all of these.
_WHOEVER_ASKS: ErrorTypes = (
    errors.MissingCredentials,
    errors.InvalidCredentials,
    errors.ExpiredToken,
    errors.SessionEnded,
    errors.MalformedApiKey,
    errors.InvalidApiKey,
    errors.InactiveApiKey,
    errors.ExpiredApiKey,
    errors.RevokedApiKey,
    errors.NetworkNotAllowed,
    errors.AccountNotActive,
)


async def identify(connection: AnyConnection) -> Principal:
    """The caller, active or waiting for approval, kept in the request's context; raises a 401 or 403 error."""
    context = context_of(connection.scope)
    principal = context.find(Principal)
    if principal is None:
        token = bearer_token(connection.headers.get("authorization", ""))
        if token is None:
            raise errors.MissingCredentials
        context.log_fields.update(key_in_log(token))
        principal = await services_of(connection).authentication.principal(token, origin_of(connection))
        principal.leave_in(context)
    return principal


async def authenticate(connection: AnyConnection) -> Principal:
    """The caller, with an active account; raises a 401 or 403 error."""
    principal = await identify(connection)
    if not principal.is_active:
        raise errors.AccountNotActive("This account waits for a commissioner's approval.")
    return principal


def admits_sessions(
    *refuses: type[errors.ApiError], pending: bool = False, path: tuple[PathName, ...] = ()
) -> Callable[[Guard], Guard]:
    """A decorator for a guard that admits no API key, and accounts that wait for approval only if `pending`."""
    refused = (*_WHOEVER_ASKS, errors.SessionRequired, *refuses)
    return _admits(Admission(refuses=refused, scopes=None, path=path), pending=pending)


def admits_keys(
    *scopes: Scope, refuses: ErrorTypes = (), pending: bool = False, path: tuple[PathName, ...] = ()
) -> Callable[[Guard], Guard]:
    """A decorator for a guard that admits sessions, and keys with one of these scopes; any key if none is named."""
    by_scope = (errors.InsufficientScope,) if scopes else ()
    return _admits(Admission(refuses=(*_WHOEVER_ASKS, *by_scope, *refuses), scopes=scopes, path=path), pending=pending)


def _admits(admission: Admission, *, pending: bool) -> Callable[[Guard], Guard]:
    ask = identify if pending else authenticate

    def declare(guard: Guard) -> Guard:
        @wraps(guard)
        async def checked(connection: AnyConnection, handler: BaseRouteHandler) -> None:
            _check_credentials(await ask(connection), admission.scopes)
            await guard(connection, handler)

        return declare_admission(admission)(checked)

    return declare


def _check_credentials(principal: Principal, scopes: tuple[str, ...] | None) -> None:
    if principal.key_id is None:
        return
    if scopes is None:
        raise errors.SessionRequired
    if scopes and principal.scopes.isdisjoint(scopes):
        raise errors.InsufficientScope(f"This API key does not have the scope {' or '.join(sorted(scopes))}.")


@admits_keys(pending=True)
async def known_user(_: AnyConnection, __: BaseRouteHandler) -> None:
    """Anyone with an account."""


@admits_sessions(pending=True)
async def known_session(_: AnyConnection, __: BaseRouteHandler) -> None:
    """Anyone with an account who has logged in."""


@admits_sessions()
async def session_user(_: AnyConnection, __: BaseRouteHandler) -> None:
    """An active account that has logged in."""


@admits_sessions(errors.Forbidden)
async def commissioner(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """A commissioner who has logged in."""
    if not (await authenticate(connection)).is_commissioner:
        raise errors.Forbidden("Only a commissioner may do this.")
