"""The pages of people: approval, roles, invitations, links for new passwords, retirement."""

from functools import partial
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.accounts import DisplayName, Email, Role, UserChange, UserState
from tgl_server import errors
from tgl_server.access.callers import commissioner
from tgl_server.access.refusals import audited_as
from tgl_server.accounts import links, service
from tgl_server.accounts.actions import AccountAction
from tgl_server.accounts.link_mails import mail_link
from tgl_server.accounts.links import OneTimeLink
from tgl_server.accounts.models import LinkKind
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.http.own_origin import own_origin
from tgl_server.mail.errors import MailIsOff
from tgl_server.mail.service import Mailbox
from tgl_server.settings import Settings
from tgl_server.web.administration import queries
from tgl_server.web.filters import Filters
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]

_PEOPLE: Final = "/administration/people"
_PAGE_SIZE: Final = 100
_ROLES: Final = {
    Role.PLAYER: "Plays: pushes commits, makes projects",
    Role.SPECTATOR: "Watches: sees the projects that they are a member of",
    Role.COMMISSIONER: "Administers everybody, and sees every project",
}


class _Invitation(Struct, frozen=True):
    """The form of an invitation."""

    email: Email
    display_name: DisplayName = ""
    role: Role = Role.PLAYER


class _Made(Struct, frozen=True):
    """What became of a link that was just made: it is shown, or was sent to somebody."""

    link: str | None = None
    sent_to: str | None = None


class _RoleForm(Struct, frozen=True):
    """The form of a person's role."""

    role: Role


@get(_PEOPLE, guards=[commissioner])
async def show_people(request: AnyRequest, database: NamedDependency[Database]) -> Response[str]:
    """Everybody, those who wait for approval on top."""
    asked = Filters(request)
    state, role = asked.choice("state", UserState, None), asked.choice("role", Role, None)
    text, place = asked.text("q", 100), asked.place("from")
    async with database.statements() as connection:
        found = await _people(connection, state=state, role=role, text=text, offset=place)
        counts = {row["state"]: row["n"] for row in (await connection.execute(queries.COUNTS)).mappings()}
    return page(
        request,
        "people.html",
        people=found[:_PAGE_SIZE],
        more=place + _PAGE_SIZE if len(found) > _PAGE_SIZE else None,
        counts=counts,
        state=state,
        role=role,
        text=text,
        states=list(UserState),
        roles=list(Role),
    )


@post(
    "/administration/people/{user_id:uuid}/approve",
    guards=[commissioner],
    status_code=303,
    opt=audited_as(AccountAction.USER_CHANGED),
)
async def approve(
    user_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Let somebody in who waits, or back in who was retired."""
    async with database.transaction() as tx:
        user = await service.change_user(tx, user_id, UserChange(state="active"), actor)
    return _back(settings, "user-approved", user.display_name)


@get("/administration/people/{user_id:uuid}", guards=[commissioner])
async def show_person(
    request: AnyRequest,
    user_id: FromPath[UUID],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """One person: their role, links, and what retiring them would end."""
    return await _show_person(request, database, settings, user_id, form_of_query(request))


async def _show_person(
    request: AnyRequest,
    database: Database,
    settings: Settings,
    user_id: UUID,
    form: Form,
    status: int = 200,
    made: _Made | None = None,
) -> Response[str]:
    async with database.statements() as connection:
        person = await _person(connection, user_id)
    form.fields.setdefault("role", [person["role"]])
    return page(
        request,
        "person.html",
        person=person,
        form=form,
        roles=_ROLES,
        sends_mail=settings.sends_mail,
        status=status,
        made=made or _Made(),
    )


@post(
    "/administration/people/{user_id:uuid}",
    guards=[commissioner],
    status_code=303,
    opt=audited_as(AccountAction.USER_CHANGED),
)
async def change_role(
    request: AnyRequest,
    user_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Change what somebody may do."""

    async def change(form: Form) -> Response[Any]:
        wanted = UserChange(role=form.read(_RoleForm).role)
        async with database.transaction() as tx:
            user = await service.change_user(tx, user_id, wanted, actor)
        return _back(settings, "user-changed", user.display_name)

    show = partial(_show_person, request, database, settings, user_id)
    return await submit(request, change, show, {errors.Conflict: "role"})


@post(
    "/administration/people/{user_id:uuid}/retire",
    guards=[commissioner],
    status_code=303,
    opt=audited_as(AccountAction.USER_CHANGED),
)
async def retire(
    user_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """End somebody's sessions and keys; somebody who waits is declined."""
    async with database.transaction() as tx:
        was_waiting = (await service.get_user(tx, user_id)).state == UserState.PENDING
        user = await service.change_user(tx, user_id, UserChange(state="retired"), actor)
    return _back(settings, "user-declined" if was_waiting else "user-retired", user.display_name)


@post(
    "/administration/people/{user_id:uuid}/link",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(AccountAction.LINK_MADE),
)
async def make_link(
    request: AnyRequest,
    user_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    mailbox: NamedDependency[Mailbox],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Make a link by which somebody chooses a new password; it is shown once, here, or sent to them."""
    show = partial(_show_person, request, database, settings, user_id)

    async def make(form: Form) -> Response[Any]:
        async with database.transaction() as tx:
            user = await service.get_user(tx, user_id)
            link = await links.make_link(tx, user, LinkKind.NEW_PASSWORD, actor)
            if is_sent := _is_by_mail(form):
                await mail_link(tx, mailbox, user.id, link, LinkKind.NEW_PASSWORD)
        made = _Made(sent_to=user.email) if is_sent else _Made(link=_address(request, settings, link))
        return await show(form_of_query(request), made=made)

    return await submit(request, make, show)


@get("/administration/invite", guards=[commissioner])
async def show_invitation(request: AnyRequest, settings: NamedDependency[Settings]) -> Response[str]:
    """The form of an invitation."""
    return await _show_invitation(request, settings, form_of_query(request))


async def _show_invitation(
    request: AnyRequest, settings: Settings, form: Form, status: int = 200, made: _Made | None = None
) -> Response[str]:
    form.fields.setdefault("role", [Role.PLAYER])
    return page(
        request,
        "invite.html",
        form=form,
        roles=_ROLES,
        sends_mail=settings.sends_mail,
        status=status,
        made=made or _Made(),
    )


@post("/administration/invite", guards=[commissioner], status_code=200, opt=audited_as(AccountAction.USER_CREATED))
async def invite(
    request: AnyRequest,
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    mailbox: NamedDependency[Mailbox],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """Make an account, and show the link for its person once, or send it to them."""
    show = partial(_show_invitation, request, settings)

    async def make(form: Form) -> Response[Any]:
        wanted = form.read(_Invitation)
        async with database.transaction() as tx:
            user, link = await links.invite(tx, wanted.email, wanted.role, wanted.display_name, actor)
            if is_sent := _is_by_mail(form):
                await mail_link(tx, mailbox, user.id, link, LinkKind.INVITATION)
        made = _Made(sent_to=user.email) if is_sent else _Made(link=_address(request, settings, link))
        return await show(form, made=made)

    return await submit(request, make, show, {MailIsOff: None, errors.Conflict: "email"})


async def _people(connection: AsyncConnection, **wanted: Any) -> list[RowMapping]:
    values = {"user_id": None, "limit": _PAGE_SIZE + 1, **wanted}
    return list((await connection.execute(queries.PEOPLE, values)).mappings())


async def _person(connection: AsyncConnection, user_id: UUID) -> RowMapping:
    found = await connection.execute(
        queries.PEOPLE, {"user_id": user_id, "state": None, "role": None, "text": "", "limit": 1, "offset": 0}
    )
    row = found.mappings().one_or_none()
    if row is None:
        raise errors.NotFound("There is no such person.")
    return row


def _is_by_mail(form: Form) -> bool:
    """True if the button was pressed that sends the link."""
    return form.text("by") == "mail"


def _address(request: AnyRequest, settings: Settings, link: OneTimeLink) -> str:
    return own_origin(request, settings) + link.path


def _back(settings: Settings, code: str, name: str) -> Response[Any]:
    return go_on(_PEOPLE, code, name, secure=settings.is_secure)


ROUTES = (show_people, approve, show_person, change_role, retire, make_link, show_invitation, invite)
