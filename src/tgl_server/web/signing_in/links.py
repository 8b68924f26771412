"""The page of a link that works once: `/link/{token}`. Opening it uses nothing up; its form does."""

from functools import partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from tgl_protocol.accounts import NewPassword
from tgl_server.accounts import links
from tgl_server.accounts.browser_sessions import open_session_by_link, open_session_by_password_link
from tgl_server.accounts.links import OpenLink
from tgl_server.accounts.models import LinkKind
from tgl_server.audit.service import Actor
from tgl_server.auth.passwords import Passwords
from tgl_server.db.engine import Database
from tgl_server.http.client_address import origin_of
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.settings import Settings
from tgl_server.web.forms import Form
from tgl_server.web.rendering import page
from tgl_server.web.session import LIFETIME, session_cookie
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]

_LOGIN = limited_as(RateGroup.LOGIN)


class _Chosen(Struct, frozen=True):
    """The form of a new password."""

    new_password: NewPassword


@get("/link/{token:str}", opt=_LOGIN)
async def show_link(request: AnyRequest, token: FromPath[str], database: NamedDependency[Database]) -> Response[str]:
    """The form of a link that works; 404 for any other."""
    async with database.statements() as connection:
        link = await links.find_link(connection, token)
    return await _show(request, link, Form())


@post("/link/{token:str}", status_code=303, opt=_LOGIN)
async def use_link(
    request: AnyRequest,
    token: FromPath[str],
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Choose a password, or sign in: whatever the link is for. Its person is signed in afterwards."""
    async with database.statements() as connection:
        link = await links.find_link(connection, token)
    actor = Actor(link.user_id, None, origin_of(request))

    async def use(form: Form) -> Response[Any]:
        if link.kind is LinkKind.SIGN_IN:
            session = await open_session_by_link(database, token, actor, LIFETIME)
        else:
            new = form.read(_Chosen).new_password
            session = await open_session_by_password_link(database, passwords, token, new, actor, LIFETIME)
        answer = Redirect("/", status_code=303)
        answer.set_cookie(session_cookie(settings, session.secret))
        return answer

    return await submit(request, use, partial(_show, request, link))


async def _show(request: AnyRequest, link: OpenLink, form: Form, status: int = 200) -> Response[str]:
    return page(request, "link.html", link=link, form=form, status=status)


ROUTES = (show_link, use_link)
