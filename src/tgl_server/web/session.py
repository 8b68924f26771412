"""The session of a browser: its cookie, and the guard of the pages, which leaves the viewer and their rights.

Only pages read the cookie. The guard leaves a `Principal`, which the guards of the features look for first, so a page
is guarded by the same guards as the API.
"""

from datetime import timedelta
from typing import Any, Final

from litestar import Request
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler

from tgl_protocol.accounts import Role, UserState
from tgl_server import errors
from tgl_server.accounts.browser_sessions import read_session, touch_session
from tgl_server.auth.principal import Principal
from tgl_server.http.client_address import AnyConnection
from tgl_server.http.declarations import Admission, declare_admission
from tgl_server.http.request_context import context_of
from tgl_server.services import services_of
from tgl_server.settings import Settings
from tgl_server.web.forms import Form, read_form
from tgl_server.web.viewer import Viewer

#: A session ends this long after signing in, and earlier if nobody uses it.
LIFETIME: Final = timedelta(days=30)

_UNSAFE = frozenset({"POST"})


class SignInNeeded(errors.Unauthenticated):
    """Sign in to see this page."""

    code = "sign_in_needed"


class StillWaiting(errors.AccountNotActive):
    """This account waits for a commissioner's approval."""


def cookie_name(settings: Settings) -> str:
    """With `__Host-` a browser takes the cookie over HTTPS alone, and from no other host."""
    return "__Host-tgl" if settings.is_secure else "tgl"


def session_cookie(settings: Settings, secret: str) -> Cookie:
    """The cookie of a session that was just opened."""
    return _cookie(settings, secret, int(LIFETIME.total_seconds()))


def forget_session(settings: Settings) -> Cookie:
    """The cookie that removes the session's."""
    return _cookie(settings, "", 0)


def _cookie(settings: Settings, value: str, max_age: int) -> Cookie:
    return Cookie(
        key=cookie_name(settings),
        value=value,
        max_age=max_age,
        path="/",
        secure=settings.is_secure,
        httponly=True,
        samesite="lax",
    )


async def find_viewer(connection: AnyConnection) -> Viewer | None:
    """The signed-in person, left in the request's context with their rights; None for anybody else."""
    context = context_of(connection.scope)
    services = services_of(connection)
    secret = connection.cookies.get(cookie_name(services.settings))
    row = await read_session(services.database, secret) if secret else None
    if row is None:
        return None
    viewer = Viewer(
        user_id=row["user_id"],
        session_id=row["session_id"],
        display_name=row["display_name"],
        email=row["email"],
        role=Role(row["role"]),
        state=UserState(row["state"]),
        now=row["now"],
        waiting=row["waiting"],
    )
    context.leave(viewer)
    principal = Principal(
        user_id=viewer.user_id,
        is_commissioner=viewer.is_commissioner,
        is_active=viewer.is_active,
        session_id=viewer.session_id,
    )
    principal.leave_in(context)
    if row["seen_long_ago"]:
        await touch_session(services.database, viewer.session_id)
    return viewer


async def is_still_open(connection: AnyConnection) -> bool:
    """True as long as the session of a request that goes on is open, and its account active."""
    services = services_of(connection)
    secret = connection.cookies.get(cookie_name(services.settings), "")
    row = await read_session(services.database, secret)
    return row is not None and row["state"] == UserState.ACTIVE


@declare_admission(Admission(refuses=(SignInNeeded, errors.AccountNotActive), authenticates=False))
async def signed_in(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Anyone with an active account who has signed in with this browser."""
    viewer = await find_viewer(connection)
    if viewer is None:
        await _hold_form(connection)
        raise SignInNeeded
    if not viewer.is_active:
        raise StillWaiting


@declare_admission(Admission(refuses=(SignInNeeded,), authenticates=False))
async def known(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Anyone with an account who has signed in with this browser, also while it waits for approval."""
    if await find_viewer(connection) is None:
        raise SignInNeeded


@declare_admission(Admission(authenticates=False))
async def anybody(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Anybody; who is signed in is known to the page."""
    await find_viewer(connection)


async def _hold_form(connection: AnyConnection) -> None:
    """Keep what was typed into a form whose session has ended, so that it comes back after signing in."""
    if connection.scope["method"] not in _UNSAFE:  # type: ignore[typeddict-item]
        return
    assert isinstance(connection, Request)
    form: Form = await read_form(_request(connection))
    context_of(connection.scope).leave(form)


def _request(connection: AnyConnection) -> Request[Any, Any, Any]:
    assert isinstance(connection, Request)
    return connection
