"""The routes of webhooks: where forges send to, and what maintainers do with them."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter

from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_protocol.webhooks import (
    DeliveryAnswer,
    DeliveryOutcome,
    DeliveryPage,
    NewWebhook,
    PushEvent,
    WebhookDeleted,
    WebhookList,
    WebhookRotation,
    WebhookSecret,
)
from tgl_server import errors
from tgl_server.access.guards import RepoAccess, changes_repo
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.broker.wake_ups import WakeUps
from tgl_server.db.engine import Database
from tgl_server.http.body_budget import BodyBudget
from tgl_server.http.client_address import AnyConnection, origin_of
from tgl_server.http.created import Created
from tgl_server.http.declarations import admits_anyone, answers, answers_status, reads, takes_any_query
from tgl_server.http.example_values import HOOK_ID
from tgl_server.http.own_origin import own_origin
from tgl_server.http.pagination import Cursor, Limit
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.limits.limiter import RateLimiter
from tgl_server.pull.service import wake_up_for
from tgl_server.sealing.errors import NoSecretsKey
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings
from tgl_server.webhooks import service
from tgl_server.webhooks.actions import WebhookAction
from tgl_server.webhooks.arriving import Arrival
from tgl_server.webhooks.errors import (
    InsecureWebhook,
    MissingProof,
    NotJson,
    OutdatedProof,
    TooManyWebhooks,
    WrongProof,
)
from tgl_server.webhooks.limit import RefusalLimit
from tgl_server.webhooks.receiving import find_hook, receive
from tgl_server.webhooks.service import Site

HookId = Annotated[
    UUID,
    PathParameter(description="The webhook's id", examples=[Example(value=str(HOOK_ID))]),
]


@admits_anyone(MissingProof, OutdatedProof, WrongProof)
async def any_sender(_: AnyConnection, __: BaseRouteHandler) -> None:
    """Who knows the webhook's secret, which the body is needed to tell."""


@post(
    "/{hook_id:uuid}",
    guards=[any_sender],
    status_code=200,
    request_max_body_size=None,
    responses={200: ResponseSpec(DeliveryAnswer)},
    opt=limited_as(RateGroup.WEBHOOKS)
    | reads(PushEvent, JSON_MEDIA_TYPE)
    | answers_status(202)
    | answers(errors.NotFound, errors.BodyTooLarge, NotJson, errors.Busy),
)
async def receive_delivery(
    hook_id: HookId,
    request: Request[Any, Any, Any],
    sealer: NamedDependency[Sealer],
    database: NamedDependency[Database],
    body_budget: NamedDependency[BodyBudget],
    refusal_limit: NamedDependency[RefusalLimit],
    wake_ups: NamedDependency[WakeUps],
) -> Response[DeliveryAnswer]:
    """Tell of a push: the repository is pulled, or is behind. The body is that of the webhook's kind of sender."""
    async with database.statements() as connection:
        hook = await find_hook(connection, sealer, hook_id)
    arrival = Arrival(request, hook, database)
    if arrival.is_unsigned_ping:
        return Response(arrival.pong, status_code=200)
    delivery = await arrival.proven(body_budget, refusal_limit)
    async with database.transaction(hook.repo_id) as tx:
        answer, status = await receive(tx, hook, delivery, Actor(origin=origin_of(request)))
        wake_up = await wake_up_for(tx, hook.repo_id) if answer.outcome is DeliveryOutcome.PULL_REQUESTED else None
    if wake_up is not None:
        wake_ups.wake(wake_up)
    return Response(answer, status_code=status)


@get(
    "/{hook_id:uuid}",
    guards=[any_sender],
    include_in_schema=False,
    opt=limited_as(RateGroup.WEBHOOKS) | takes_any_query() | answers(errors.NotFound, NotJson),
)
async def refuse_get(
    hook_id: HookId, sealer: NamedDependency[Sealer], database: NamedDependency[Database]
) -> DeliveryAnswer:
    """Say what to choose at a Gitea that is set to send by GET."""
    async with database.statements() as connection:
        await find_hook(connection, sealer, hook_id)
    raise NotJson


@post(
    "/",
    guards=[changes_repo],
    opt=audited_as(WebhookAction.WEBHOOK_CREATED)
    | answers(NoSecretsKey, InsecureWebhook, TooManyWebhooks, errors.Busy),
)
async def create_webhook(
    target: NamedDependency[RepoAccess],
    data: JSONBody[NewWebhook],
    actor: NamedDependency[Actor],
    sealer: NamedDependency[Sealer],
    site: NamedDependency[Site],
    database: NamedDependency[Database],
) -> Created[WebhookSecret]:
    """Make a webhook. Only this answer ever shows its secret."""
    async with database.transaction(target.id) as tx:
        made = await service.create_webhook(tx, sealer, site, target.id, data.kind, actor)
    return Created(made, "projects", target.project_slug, "repos", target.id, "webhooks", made.id)


@get("/", guards=[changes_repo])
async def list_webhooks(
    target: NamedDependency[RepoAccess], site: NamedDependency[Site], database: NamedDependency[Database]
) -> WebhookList:
    """List the repository's webhooks, without their secrets."""
    async with database.statements() as connection:
        return await service.list_webhooks(connection, site, target.id)


@delete(
    "/{hook_id:uuid}",
    guards=[changes_repo],
    status_code=200,
    opt=audited_as(WebhookAction.WEBHOOK_DELETED) | answers(errors.Busy),
)
async def delete_webhook(
    hook_id: HookId,
    target: NamedDependency[RepoAccess],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> WebhookDeleted:
    """Delete a webhook with its secrets and what is kept of its deliveries; what is sent to it is 404 from now on."""
    async with database.transaction(target.id) as tx:
        return await service.delete_webhook(tx, target.id, hook_id, actor)


@post(
    "/{hook_id:uuid}/rotate",
    guards=[changes_repo],
    status_code=200,
    opt=audited_as(WebhookAction.WEBHOOK_ROTATED) | answers(NoSecretsKey, errors.Busy),
)
async def rotate_webhook(
    hook_id: HookId,
    target: NamedDependency[RepoAccess],
    actor: NamedDependency[Actor],
    sealer: NamedDependency[Sealer],
    site: NamedDependency[Site],
    database: NamedDependency[Database],
    data: JSONBody[WebhookRotation | None] = None,
) -> WebhookSecret:
    """Give a webhook another secret, which only this answer shows; both are right until the overlap ends."""
    overlap = timedelta(minutes=(data or WebhookRotation()).overlap_minutes)
    async with database.transaction(target.id) as tx:
        return await service.rotate_webhook(tx, sealer, site, target.id, hook_id, overlap, actor)


@get("/{hook_id:uuid}/deliveries", guards=[changes_repo])
async def list_deliveries(
    hook_id: HookId,
    target: NamedDependency[RepoAccess],
    database: NamedDependency[Database],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryPage:
    """List what arrived at a webhook and what it was answered, newest first, refusals as well."""
    async with database.statements() as connection:
        return await service.list_deliveries(connection, target.id, hook_id, limit=limit, cursor=cursor)


async def provide_site(request: Request[Any, Any, Any], settings: NamedDependency[Settings]) -> Site:
    """Where forges reach this server."""
    return Site(own_origin(request, settings))


async def provide_refusal_limit(rate_limiter: NamedDependency[RateLimiter]) -> RefusalLimit:
    """The limit of refused deliveries."""
    return RefusalLimit(rate_limiter)


webhooks_in_router = Router(
    "/webhooks",
    route_handlers=[receive_delivery, refuse_get],
    dependencies={"refusal_limit": Provide(provide_refusal_limit)},
    tags=["webhooks"],
)
webhooks_router = Router(
    "/projects/{project:str}/repos/{repo:str}/webhooks",
    route_handlers=[create_webhook, list_webhooks, delete_webhook, rotate_webhook, list_deliveries],
    dependencies={"site": Provide(provide_site)},
    cache_control=CacheControlHeader(no_store=True),
    tags=["webhooks"],
)
