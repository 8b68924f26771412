"""The pages of signing in: `/sign-in`, `/register`, `/waiting`, `/sign-out`."""

from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from tgl_protocol.accounts import Credentials, Registration
from tgl_server import errors
from tgl_server.accounts import service, sessions
from tgl_server.accounts.browser_sessions import open_browser_session, open_session_of_newcomer
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.client_address import origin_of
from tgl_server.http.request_context import context_of
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.limits.login import LoginLimit
from tgl_server.settings import Settings
from tgl_server.web.flash import flash_cookie
from tgl_server.web.forms import Form
from tgl_server.web.rendering import page
from tgl_server.web.session import LIFETIME, anybody, forget_session, known, session_cookie
from tgl_server.web.submitting import submit
from tgl_server.web.viewer import Viewer

AnyRequest = Request[Any, Any, Any]

HOME = "/"


@get("/sign-in", guards=[anybody])
async def show_sign_in(request: AnyRequest, settings: NamedDependency[Settings]) -> Response[Any]:
    """The form for signing in; to who is signed in already, the page they wanted."""
    next_ = safe_next(request.query_params.get("next", ""))
    viewer = context_of(request.scope).find(Viewer)
    if viewer is not None:
        return Redirect(next_ if viewer.is_active else "/waiting", status_code=303)
    return await _show_sign_in(request, settings, Form.of(next=next_))


async def _show_sign_in(request: AnyRequest, settings: Settings, form: Form, status: int = 200) -> Response[str]:
    return page(
        request,
        "sign_in.html",
        form=form,
        registration_open=settings.registration_open,
        sends_mail=settings.sends_mail,
        status=status,
    )


@post("/sign-in", opt=limited_as(RateGroup.LOGIN), status_code=303)
async def sign_in(
    request: AnyRequest,
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
    login_limit: NamedDependency[LoginLimit],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Open a session of this browser."""

    async def open_session(form: Form) -> Response[Any]:
        credentials = form.read(Credentials)
        origin = origin_of(request)
        session = await open_browser_session(database, passwords, login_limit, credentials, origin, LIFETIME)
        answer = Redirect(_wanted(form), status_code=303)
        answer.set_cookie(session_cookie(settings, session.secret))
        return answer

    show = partial(_show_sign_in, request, settings)
    return await submit(request, open_session, show, {errors.InvalidCredentials: None, errors.AccountNotActive: None})


def _wanted(form: Form) -> str:
    """The page to go on to; a form that was typed before its session ended is filled in there again."""
    next_, held = safe_next(form.text("next")), form.held()
    return f"{next_}?{urlencode([*held, ('restored', '1')])}" if held else next_


@get("/register", guards=[anybody])
async def show_registration(request: AnyRequest, settings: NamedDependency[Settings]) -> Response[Any]:
    """The form for an account."""
    _check_open(settings)
    return await _show_registration(request, Form.of(role="player"))


async def _show_registration(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    return page(request, "register.html", form=form, status=status)


@post("/register", opt=limited_as(RateGroup.LOGIN), status_code=303)
async def register(
    request: AnyRequest,
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Ask for an account, and sign in to the page on which one waits."""
    _check_open(settings)

    async def make_account(form: Form) -> Response[Any]:
        origin = origin_of(request)
        made = await service.register(database, passwords, form.read(Registration), origin)
        session = await open_session_of_newcomer(database, made.id, origin, LIFETIME)
        answer = Redirect("/waiting", status_code=303)
        answer.set_cookie(session_cookie(settings, session.secret))
        return answer

    return await submit(request, make_account, partial(_show_registration, request), {errors.Conflict: "email"})


@get("/waiting", guards=[known], sync_to_thread=False)
def waiting(request: AnyRequest) -> Response[Any]:
    """The page of an account that waits for approval; once it is approved, the way in."""
    if context_of(request.scope).get(Viewer).is_active:
        return Redirect(HOME, status_code=303)
    return page(request, "waiting.html", headers={"Refresh": "15"})


@post("/sign-out", guards=[known], status_code=303)
async def sign_out(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """End the session of this browser."""
    async with database.transaction() as tx:
        await sessions.log_out(tx, principal, origin_of(request))
    answer = Redirect("/sign-in", status_code=303)
    answer.set_cookie(forget_session(settings))
    answer.set_cookie(flash_cookie("signed-out", secure=settings.is_secure))
    return answer


def ask_to_sign_in(request: AnyRequest, _: Exception) -> Response[Any]:
    """The answer to who must sign in first: the way to the form, or the form with what was typed held in it."""
    form = context_of(request.scope).find(Form)
    address = quote(request.scope["path"])
    if form is None:
        query = request.scope["query_string"].decode("latin-1")
        wanted = f"{address}?{query}" if query else address
        return Redirect(f"/sign-in?{urlencode({'next': wanted})}" if wanted != HOME else "/sign-in", status_code=303)
    return page(request, "sign_in_again.html", form=Form.of(next=address), held=form.to_hold(), status=401)


def send_to_wait(_: AnyRequest, __: Exception) -> Response[Any]:
    """The answer to who waits for approval, on any page."""
    return Redirect("/waiting", status_code=303)


def safe_next(text: str) -> str:
    """A path of this server to go on to, or the first page: never another host, whatever a browser makes of the text.

    Browsers take a backslash for a slash, and skip tabs and line breaks.
    """
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_ours else HOME


def _check_open(settings: Settings) -> None:
    if not settings.registration_open:
        raise errors.Forbidden("Registration is switched off; ask a commissioner for an account.")


ROUTES = (show_sign_in, sign_in, show_registration, register, waiting, sign_out)
