"""`/unsubscribe/{token}`: looking changes nothing, since programs that preview links do that too; its form does.

Mail programs send the form by themselves, from another site and without a cookie (RFC 8058): the token alone counts.
A mail provider does so for many people from few addresses, so the limit is that of pages.
"""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.http.client_address import AnyConnection, origin_of
from tgl_server.http.declarations import admits_anyone
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.notifications import service
from tgl_server.notifications.actions import NotificationAction
from tgl_server.notifications.models import Topic
from tgl_server.notifications.unsubscribing import PATH, Subscription, Unsubscribing
from tgl_server.settings import Settings
from tgl_server.web.rendering import page

AnyRequest = Request[Any, Any, Any]

_TOPICS = {
    Topic.REPOS: "repositories that fail, are late, and recover",
    Topic.KEYS: "API keys that expire",
    Topic.PEOPLE: "accounts that wait for approval",
    Topic.ACCOUNT: "changes of your password and your API keys",
}
_ADDRESS = f"{PATH}/{{token:str}}"


@admits_anyone()
async def any_reader(_: AnyConnection, __: BaseRouteHandler) -> None:
    """Whoever has the mail with the address."""


@get(_ADDRESS, guards=[any_reader], opt=limited_as(RateGroup.PAGES))
async def show_unsubscription(
    request: AnyRequest,
    token: FromPath[str],
    unsubscribing: NamedDependency[Unsubscribing],
    database: NamedDependency[Database],
) -> Response[str]:
    """What the address would end, and the button that does."""
    subscription = unsubscribing.read(token)
    async with database.statements() as connection:
        email = await service.subscriber_email(connection, subscription)
    return _show(request, token, subscription, email, "asked")


@post(
    _ADDRESS,
    guards=[any_reader],
    status_code=200,
    opt=limited_as(RateGroup.PAGES) | audited_as(NotificationAction.NOTIFICATION_UNSUBSCRIBED),
)
async def unsubscribe(
    request: AnyRequest,
    token: FromPath[str],
    unsubscribing: NamedDependency[Unsubscribing],
    database: NamedDependency[Database],
) -> Response[str]:
    """End the mails about the topic."""
    subscription = unsubscribing.read(token)
    async with database.transaction() as tx:
        await service.unsubscribe(tx, subscription, Actor(origin=origin_of(request)))
        email = await service.subscriber_email(tx, subscription)
    return _show(request, token, subscription, email, "ended")


@post(
    f"{_ADDRESS}/undo",
    guards=[any_reader],
    status_code=200,
    opt=limited_as(RateGroup.PAGES) | audited_as(NotificationAction.NOTIFICATION_CHOSEN),
)
async def subscribe_again(
    request: AnyRequest,
    token: FromPath[str],
    unsubscribing: NamedDependency[Unsubscribing],
    database: NamedDependency[Database],
) -> Response[str]:
    """Send them again."""
    subscription = unsubscribing.read(token)
    async with database.transaction() as tx:
        await service.subscribe_again(tx, subscription, Actor(origin=origin_of(request)))
        email = await service.subscriber_email(tx, subscription)
    return _show(request, token, subscription, email, "undone")


def _show(request: AnyRequest, token: str, subscription: Subscription, email: str, state: str) -> Response[str]:
    topic = _TOPICS[subscription.topic]
    return page(request, "unsubscribe.html", address=f"{PATH}/{token}", topic=topic, email=email, state=state)


async def provide_unsubscribing(settings: NamedDependency[Settings]) -> Unsubscribing:
    """What reads the tokens."""
    return Unsubscribing(settings)


DEPENDENCIES = {"unsubscribing": Provide(provide_unsubscribing)}
ROUTES = (show_unsubscription, unsubscribe, subscribe_again)
