"""The pages `.../webhooks` and `.../webhooks/{hook_id}` of a repository: its webhooks, and what arrived there."""

from typing import Final
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tgl_protocol.webhooks import MAX_WEBHOOKS
from tgl_server.access.guards import changes_repo
from tgl_server.web.filters import Filters
from tgl_server.web.repos.header import RepoView
from tgl_server.web.webhooks import making
from tgl_server.web.webhooks.guides import GUIDES
from tgl_server.web.webhooks.outcomes import VERDICTS, advice_on
from tgl_server.web.webhooks.site import find_hook, site_of
from tgl_server.webhooks import service

WEBHOOKS: Final = "/projects/{project:str}/repos/{repo:str}/webhooks"
_PAGE_SIZE: Final = 50


@get(WEBHOOKS, guards=[changes_repo])
async def show_webhooks(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The webhooks of a repository, each with what last arrived."""
    async with repo_view.database.statements() as connection:
        hooks = await service.list_webhooks(connection, site_of(repo_view), repo_view.access.id)
    return await repo_view.show("webhooks/list.html", hooks=hooks.items, guides=GUIDES, most=MAX_WEBHOOKS)


@get(f"{WEBHOOKS}/{{hook_id:uuid}}", guards=[changes_repo])
async def show_webhook(hook_id: FromPath[UUID], repo_view: NamedDependency[RepoView]) -> Response[str]:
    """A webhook: its address, how to set it up, and what arrived there with its verdict."""
    asked = Filters(repo_view.request)
    async with repo_view.database.statements() as connection:
        hook = await find_hook(connection, repo_view, hook_id)
        deliveries = await service.list_deliveries(
            connection, repo_view.access.id, hook_id, limit=_PAGE_SIZE, cursor=asked.cursor
        )
    return await repo_view.show(
        "webhooks/webhook.html",
        hook=hook,
        guide=GUIDES[hook.kind],
        deliveries=deliveries,
        verdicts=VERDICTS,
        advice_on=advice_on,
    )


ROUTES = (show_webhooks, show_webhook, *making.ROUTES)
