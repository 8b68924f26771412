"""The pages `/settings/account` and `/settings/password`, and the forms on them."""

from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from tgl_protocol.accounts import PasswordChange
from tgl_server import errors
from tgl_server.access.refusals import audited_as
from tgl_server.accounts import browser_sessions, sessions
from tgl_server.accounts.actions import AccountAction
from tgl_server.audit.service import Actor
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.client_address import origin_of
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.settings import Settings
from tgl_server.web.account.devices import device_of
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form, form_of_query, read_form
from tgl_server.web.preferences import PREFERENCES, chosen, cookies_of
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]

_ACCOUNT = "/settings/account"


@get(_ACCOUNT)
async def show_account(
    request: AnyRequest, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> Response[str]:
    """The viewer's sessions, the way to a new password, and their preferences."""
    found = await browser_sessions.list_sessions(database, principal.user_id)
    listed = sorted(
        ((session, device_of(session.user_agent)) for session in found),
        key=lambda pair: pair[0].id != principal.session_id,
    )
    return page(
        request,
        "account.html",
        sessions=listed,
        own_id=principal.session_id,
        preferences=PREFERENCES,
        form=Form.of(**chosen(request)),
    )


@post("/settings/sessions/{session_id:uuid}/end", status_code=303, opt=audited_as(AccountAction.SESSION_ENDED))
async def end_session(
    request: AnyRequest,
    session_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Sign out one of the viewer's other browsers."""
    if not await browser_sessions.end_one(database, principal, session_id, origin_of(request)):
        raise errors.NotFound("This session has ended already.")
    return _back(settings, "session-ended")


@post("/settings/sessions/end-others", status_code=303, opt=audited_as(AccountAction.SESSION_ENDED))
async def end_other_sessions(
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Sign out everywhere else."""
    await browser_sessions.end_all_others(database, principal, actor)
    return _back(settings, "signed-out-elsewhere")


@get("/settings/password")
async def show_password(request: AnyRequest) -> Response[str]:
    """The form for a new password."""
    return await _show_password(request, form_of_query(request))


async def _show_password(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    return page(request, "password.html", form=form, status=status)


@post(
    "/settings/password",
    status_code=303,
    opt=audited_as(AccountAction.USER_PASSWORD_CHANGED) | limited_as(RateGroup.LOGIN),
)
async def change_password(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Set a new password, which ends every other session."""

    async def change(form: Form) -> Response[Any]:
        await sessions.change_password(database, passwords, principal, form.read(PasswordChange), actor)
        return _back(settings, "password-changed")

    return await submit(request, change, partial(_show_password, request), {errors.WrongPassword: "current_password"})


@post("/settings/preferences", status_code=303)
async def choose_preferences(request: AnyRequest, settings: NamedDependency[Settings]) -> Response[Any]:
    """Keep the preferences in cookies of this browser, so that pages come with them at once."""
    form, answer = await read_form(request), _back(settings, "preferences-saved")
    for cookie in cookies_of(form, settings):
        answer.set_cookie(cookie)
    return answer


@get("/shortcuts", sync_to_thread=False)
def show_shortcuts(request: AnyRequest) -> Response[str]:
    """The keys that lead through the console."""
    return page(request, "shortcuts.html")


def _back(settings: Settings, code: str) -> Response[Any]:
    return go_on(_ACCOUNT, code, secure=settings.is_secure)


ROUTES = (
    show_account,
    end_session,
    end_other_sessions,
    show_password,
    change_password,
    choose_preferences,
    show_shortcuts,
)
