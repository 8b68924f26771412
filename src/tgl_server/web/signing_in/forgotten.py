"""The page of a forgotten password: `/forgotten`. It answers the same whether or not there is such an account."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from msgspec import Struct

from tgl_protocol.accounts import Email
from tgl_server import errors
from tgl_server.accounts.link_mails import mail_forgotten_password
from tgl_server.accounts.service import checked_email
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.http.client_address import origin_of
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.mail.service import Mailbox
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]


class _Asked(Struct, frozen=True):
    """The form of a forgotten password."""

    email: Email


@get("/forgotten")
async def show_forgotten(request: AnyRequest, mailbox: NamedDependency[Mailbox]) -> Response[str]:
    """The form that asks for the address."""
    _check_on(mailbox)
    return await _show(request, form_of_query(request))


async def _show(request: AnyRequest, form: Form, status: int = 200, asked: str | None = None) -> Response[str]:
    return page(request, "forgotten.html", form=form, asked=asked, status=status)


@post("/forgotten", status_code=200, opt=limited_as(RateGroup.LOGIN))
async def ask_for_link(
    request: AnyRequest, mailbox: NamedDependency[Mailbox], database: NamedDependency[Database]
) -> Response[Any]:
    """Send a link to whom the address belongs, after the answer: its time tells nobody whether that is anybody."""
    _check_on(mailbox)

    async def ask(form: Form) -> Response[Any]:
        email = checked_email(form.read(_Asked).email)
        answer = await _show(request, form, asked=email)
        by = Actor(origin=origin_of(request))
        answer.background = BackgroundTask(mail_forgotten_password, database, mailbox, email, by)
        return answer

    return await submit(request, ask, lambda form, status: _show(request, form, status))


def _check_on(mailbox: Mailbox) -> None:
    if not mailbox.is_on:
        raise errors.NotFound("This server sends no mails; ask a commissioner for a new password.")


ROUTES = (show_forgotten, ask_for_link)
