"""Where forges reach this server, and one webhook of a repository."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.webhooks import WebhookInfo
from tgl_server import errors
from tgl_server.http.own_origin import own_origin
from tgl_server.web.repos.header import RepoView
from tgl_server.webhooks import service
from tgl_server.webhooks.service import Site


def site_of(view: RepoView) -> Site:
    """Where forges reach this server, as far as this request tells."""
    return Site(own_origin(view.request, view.settings))


async def find_hook(connection: AsyncConnection, view: RepoView, hook_id: UUID) -> WebhookInfo:
    """A webhook of the repository; raises `NotFound`."""
    hooks = await service.list_webhooks(connection, site_of(view), view.access.id)
    found = next((hook for hook in hooks.items if hook.id == hook_id), None)
    if found is None:
        raise errors.NotFound("The repository has no such webhook.")
    return found
