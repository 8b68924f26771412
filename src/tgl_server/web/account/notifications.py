"""The page `/settings/notifications`: what its reader is told of by mail, for everything and by project."""

from functools import partial
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from tgl_protocol.notifications import KindChoice, NotificationChoice, NotificationChoices, NotificationKind
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.mail.errors import MailIsOff
from tgl_server.mail.service import Mailbox
from tgl_server.notifications import service
from tgl_server.notifications.actions import NotificationAction
from tgl_server.notifications.service import TooManyTests
from tgl_server.settings import Settings
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]

_PATH: Final = "/settings/notifications"
_WORDS: Final = {
    NotificationKind.REPO_FAILING: ("A repository fails", "once, and once when it has recovered"),
    NotificationKind.REPO_STALE: ("A repository is not brought up to date in time", "once, and once when it is"),
    NotificationKind.KEY_EXPIRING: ("One of your API keys expires", "14 and 3 days before, and on its last day"),
    NotificationKind.ACCOUNT_PENDING: ("An account waits for approval", ""),
    NotificationKind.ACCOUNT_CHANGED: ("Your password or one of your API keys is changed", ""),
}
_YES, _NO = "yes", "no"
_ANSWERS: Final = {_YES: True, _NO: False}


async def _read(database: Database, mailbox: Mailbox, principal: Principal) -> NotificationChoices:
    async with database.statements() as connection:
        return await service.read_choices(
            connection, mailbox, principal.user_id, is_commissioner=principal.is_commissioner
        )


@get(_PATH)
async def show_notifications(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    mailbox: NamedDependency[Mailbox],
    database: NamedDependency[Database],
) -> Response[str]:
    """The form of all choices."""
    return await _show(request, await _read(database, mailbox, principal), Form())


async def _show(request: AnyRequest, choices: NotificationChoices, form: Form, status: int = 200) -> Response[str]:
    for project, choice in _all(choices):
        form.fields.setdefault(_field(project, choice.kind), [_text(wanted=choice.wanted)])
    return page(request, "notifications.html", choices=choices, form=form, words=_WORDS, field_of=_field, status=status)


@post(_PATH, status_code=303, opt=audited_as(NotificationAction.NOTIFICATION_CHOSEN))
async def choose_notifications(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    mailbox: NamedDependency[Mailbox],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Keep what was changed."""
    before = await _read(database, mailbox, principal)

    async def keep(form: Form) -> Response[Any]:
        async with database.transaction() as tx:
            for project, choice in _all(before):
                name = _field(project, choice.kind)
                wanted = _ANSWERS.get(form.text(name))
                if name in form.fields and wanted != choice.wanted:
                    made = NotificationChoice(kind=choice.kind, wanted=wanted, project=project)
                    await service.choose(tx, principal.user_id, made, actor)
        return go_on(_PATH, "notifications-saved", secure=settings.is_secure)

    return await submit(request, keep, partial(_show, request, before))


@post(f"{_PATH}/test", status_code=303, opt=audited_as(NotificationAction.NOTIFICATION_TESTED))
async def send_test(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    mailbox: NamedDependency[Mailbox],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Send the reader a test message."""

    async def send(_: Form) -> Response[Any]:
        async with database.transaction() as tx:
            sent = await service.send_test(tx, mailbox, principal.user_id, actor)
        return go_on(_PATH, "test-mail-sent", sent.sent_to, secure=settings.is_secure)

    async def show(form: Form, status: int) -> Response[str]:
        return await _show(request, await _read(database, mailbox, principal), form, status)

    return await submit(request, send, show, {MailIsOff: None, TooManyTests: None})


def _all(choices: NotificationChoices) -> list[tuple[str | None, KindChoice]]:
    of_projects = [(project.slug, choice) for project in choices.projects for choice in project.choices]
    return [*((None, choice) for choice in choices.choices), *of_projects]


def _field(project: str | None, kind: NotificationKind) -> str:
    return f"{kind}.{project}" if project else str(kind)


def _text(*, wanted: bool | None) -> str:
    return "" if wanted is None else _YES if wanted else _NO


ROUTES = (show_notifications, choose_notifications, send_test)
