"""The page `/device`: type a machine's code, look at what asks, approve or decline it."""

from functools import partial
from typing import Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.device import service
from tgl_server.device.actions import DeviceAction
from tgl_server.device.errors import LoginAnswered, NoSuchCode
from tgl_server.device.models import LoginState
from tgl_server.device.routes import PAGE_PATH
from tgl_server.device.service import Login
from tgl_server.http.client_address import client_ip, network_of
from tgl_server.limits.limiter import RateLimiter
from tgl_server.settings import Settings
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.keys.rows import client_of, rights_of
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]

_DONE: Final = {LoginState.APPROVED: f"{PAGE_PATH}/approved", LoginState.DECLINED: f"{PAGE_PATH}/declined"}


class _Answer(Struct, frozen=True):
    """The form under what asks."""

    answer: Literal["approved", "declined"]


@get(PAGE_PATH)
async def show_device(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rate_limiter: NamedDependency[RateLimiter],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """The field for a code; with a code, what asks and the question whether to let it."""
    form = form_of_query(request)
    if not form.text("code").strip():
        return await _code_form(request, form)
    try:
        code, login = await service.find_login(database, rate_limiter, settings, principal.user_id, form.text("code"))
    except NoSuchCode as refusal:
        form.refuse(refusal, "code")
        return await _code_form(request, form, refusal.status)
    if login.state is not LoginState.WAITING:
        return Redirect(_DONE[login.state], status_code=303)
    return _question(request, form, code, login)


@post(PAGE_PATH, status_code=303, opt=audited_as(DeviceAction.DEVICE_APPROVED))
async def answer_device(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    rate_limiter: NamedDependency[RateLimiter],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Approve or decline what asks with this code; repeating the same answer is not an error."""

    async def answer(form: Form) -> Response[Any]:
        state = LoginState(form.read(_Answer).answer)
        code, login = await service.find_login(database, rate_limiter, settings, principal.user_id, form.text("code"))
        if login.state is LoginState.WAITING:
            async with database.transaction() as tx:
                await service.decide(tx, code, state, actor)
        elif login.state is not state:
            raise LoginAnswered(f"You have {login.state} this login already.")
        return Redirect(_DONE[state], status_code=303)

    return await submit(request, answer, partial(_code_form, request), {NoSuchCode: "code"})


@get(list(_DONE.values()), sync_to_thread=False)
def show_done(request: AnyRequest) -> Response[str]:
    """What happens now, on the machine."""
    is_approved = request.scope["path"] == _DONE[LoginState.APPROVED]
    return page(request, "device_done.html", is_approved=is_approved)


async def _code_form(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    return page(request, "device.html", form=form, login=None, status=status)


def _question(request: AnyRequest, form: Form, code: str, login: Login) -> Response[str]:
    here = client_ip(request.scope)
    return page(
        request,
        "device.html",
        form=form,
        login=login,
        code=code,
        rights=rights_of(login.scopes),
        program=client_of(login.user_agent),
        here=here,
        is_near=network_of(here) == network_of(login.asked_from),
    )


ROUTES = (show_device, answer_device, show_done)
