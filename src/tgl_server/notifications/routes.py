"""The routes of notifications: the caller's own choices, and a test message to them."""

from litestar import Router, get, post, put
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import JSONBody

from tgl_protocol.notifications import NotificationChoice, NotificationChoices, TestMail
from tgl_server import errors
from tgl_server.access.callers import session_user
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers
from tgl_server.mail.errors import MailIsOff
from tgl_server.mail.service import Mailbox
from tgl_server.notifications import service
from tgl_server.notifications.actions import NotificationAction


@get("/", guards=[session_user])
async def read_choices(
    principal: NamedDependency[Principal], mailbox: NamedDependency[Mailbox], database: NamedDependency[Database]
) -> NotificationChoices:
    """Show what the caller is told of by mail."""
    return await _choices(database, mailbox, principal)


@put(
    "/",
    guards=[session_user],
    opt=audited_as(NotificationAction.NOTIFICATION_CHOSEN) | answers(errors.NotFound),
)
async def choose(
    data: JSONBody[NotificationChoice],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    mailbox: NamedDependency[Mailbox],
    database: NamedDependency[Database],
) -> NotificationChoices:
    """Choose one kind, for everything or for one project."""
    async with database.transaction() as tx:
        await service.choose(tx, principal.user_id, data, actor)
    return await _choices(database, mailbox, principal)


async def _choices(database: Database, mailbox: Mailbox, principal: Principal) -> NotificationChoices:
    async with database.statements() as connection:
        return await service.read_choices(
            connection, mailbox, principal.user_id, is_commissioner=principal.is_commissioner
        )


@post(
    "/test",
    guards=[session_user],
    status_code=202,
    opt=audited_as(NotificationAction.NOTIFICATION_TESTED) | answers(MailIsOff, service.TooManyTests),
)
async def send_test(
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    mailbox: NamedDependency[Mailbox],
    database: NamedDependency[Database],
) -> TestMail:
    """Send the caller a test message."""
    async with database.transaction() as tx:
        return await service.send_test(tx, mailbox, principal.user_id, actor)


notifications_router = Router(
    "/notifications",
    route_handlers=[read_choices, choose, send_test],
    cache_control=CacheControlHeader(no_store=True),
    tags=["notifications"],
)
