"""The routes of endpoints: what a project's maintainers do with them."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, patch, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter

from tgl_protocol.endpoints import (
    DeliveryQueued,
    EndpointChange,
    EndpointDeleted,
    EndpointInfo,
    EndpointList,
    EndpointRotation,
    EndpointSecret,
    EventDeliveryPage,
    NewEndpoint,
)
from tgl_server import errors
from tgl_server.access.guards import ProjectAccess, changes_project
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.endpoints import service
from tgl_server.endpoints.actions import EndpointAction
from tgl_server.endpoints.background import post_policy
from tgl_server.endpoints.errors import EndpointOff, TooManyEndpoints
from tgl_server.http.created import Created
from tgl_server.http.declarations import answers
from tgl_server.http.example_values import DELIVERY_ID, HOOK_ID
from tgl_server.http.pagination import Cursor, Limit
from tgl_server.sealing.errors import NoSecretsKey
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings

EndpointId = Annotated[UUID, PathParameter(description="The endpoint's id", examples=[Example(value=str(HOOK_ID))])]
DeliveryId = Annotated[UUID, PathParameter(description="The delivery's id", examples=[Example(value=str(DELIVERY_ID))])]


@post(
    "/",
    guards=[changes_project],
    opt=audited_as(EndpointAction.ENDPOINT_CREATED) | answers(NoSecretsKey, TooManyEndpoints, errors.Busy),
)
async def create_endpoint(
    target_project: NamedDependency[ProjectAccess],
    data: JSONBody[NewEndpoint],
    actor: NamedDependency[Actor],
    sealer: NamedDependency[Sealer],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
) -> Created[EndpointSecret]:
    """Make an endpoint. Only this answer ever shows its secret."""
    async with database.transaction(target_project.id) as tx:
        made = await service.create_endpoint(tx, sealer, post_policy(settings), target_project.id, data, actor)
    return Created(made, "projects", target_project.id, "endpoints", made.id)


@get("/", guards=[changes_project])
async def list_endpoints(
    target_project: NamedDependency[ProjectAccess], database: NamedDependency[Database]
) -> EndpointList:
    """List the project's endpoints, without their secrets."""
    async with database.statements() as connection:
        return await service.list_endpoints(connection, target_project.id)


@get("/{endpoint_id:uuid}", guards=[changes_project])
async def get_endpoint(
    endpoint_id: EndpointId, target_project: NamedDependency[ProjectAccess], database: NamedDependency[Database]
) -> EndpointInfo:
    """Show one endpoint, without its secret."""
    async with database.statements() as connection:
        return await service.get_endpoint(connection, target_project.id, endpoint_id)


@patch(
    "/{endpoint_id:uuid}",
    guards=[changes_project],
    opt=audited_as(EndpointAction.ENDPOINT_CHANGED) | answers(errors.Busy),
)
async def change_endpoint(
    endpoint_id: EndpointId,
    target_project: NamedDependency[ProjectAccess],
    data: JSONBody[EndpointChange],
    actor: NamedDependency[Actor],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
) -> EndpointInfo:
    """Change an endpoint: the fields that are named. What waits when it is switched off is given up."""
    async with database.transaction(target_project.id) as tx:
        return await service.change_endpoint(tx, post_policy(settings), target_project.id, endpoint_id, data, actor)


@delete(
    "/{endpoint_id:uuid}",
    guards=[changes_project],
    status_code=200,
    opt=audited_as(EndpointAction.ENDPOINT_DELETED) | answers(errors.Busy),
)
async def delete_endpoint(
    endpoint_id: EndpointId,
    target_project: NamedDependency[ProjectAccess],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> EndpointDeleted:
    """Delete an endpoint with its secrets and deliveries; nothing is sent to it from now on."""
    async with database.transaction(target_project.id) as tx:
        return await service.delete_endpoint(tx, target_project.id, endpoint_id, actor)


@post(
    "/{endpoint_id:uuid}/rotate",
    guards=[changes_project],
    status_code=200,
    opt=audited_as(EndpointAction.ENDPOINT_ROTATED) | answers(NoSecretsKey, errors.Busy),
)
async def rotate_endpoint(
    endpoint_id: EndpointId,
    target_project: NamedDependency[ProjectAccess],
    actor: NamedDependency[Actor],
    sealer: NamedDependency[Sealer],
    database: NamedDependency[Database],
    data: JSONBody[EndpointRotation | None] = None,
) -> EndpointSecret:
    """Give an endpoint another secret, which only this answer shows; both sign until the overlap ends."""
    overlap = timedelta(minutes=(data or EndpointRotation()).overlap_minutes)
    async with database.transaction(target_project.id) as tx:
        return await service.rotate_endpoint(tx, sealer, target_project.id, endpoint_id, overlap, actor)


@post(
    "/{endpoint_id:uuid}/test",
    guards=[changes_project],
    status_code=202,
    opt=audited_as(EndpointAction.ENDPOINT_TESTED) | answers(EndpointOff, errors.Busy),
)
async def test_endpoint(
    endpoint_id: EndpointId,
    target_project: NamedDependency[ProjectAccess],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> DeliveryQueued:
    """Send a message of the type `test`, whatever types the endpoint wants; its delivery shows the answer."""
    async with database.transaction(target_project.id) as tx:
        return await service.send_test(tx, target_project.id, endpoint_id, actor)


@get("/{endpoint_id:uuid}/deliveries", guards=[changes_project])
async def list_event_deliveries(
    endpoint_id: EndpointId,
    target_project: NamedDependency[ProjectAccess],
    database: NamedDependency[Database],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> EventDeliveryPage:
    """List what was sent to an endpoint and what it answered, newest first; kept for 30 days by default."""
    async with database.statements() as connection:
        return await service.list_deliveries(connection, target_project.id, endpoint_id, limit=limit, cursor=cursor)


@post(
    "/{endpoint_id:uuid}/deliveries/{delivery_id:uuid}/redeliver",
    guards=[changes_project],
    status_code=202,
    opt=audited_as(EndpointAction.ENDPOINT_REDELIVERED) | answers(EndpointOff, errors.Busy),
)
async def redeliver_event(
    endpoint_id: EndpointId,
    delivery_id: DeliveryId,
    target_project: NamedDependency[ProjectAccess],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> DeliveryQueued:
    """Send a message once more with the same id, after all that wait; its new delivery shows the answer."""
    async with database.transaction(target_project.id) as tx:
        return await service.send_again(tx, target_project.id, endpoint_id, delivery_id, actor)


endpoints_router = Router(
    "/projects/{project:str}/endpoints",
    route_handlers=[
        create_endpoint,
        list_endpoints,
        get_endpoint,
        change_endpoint,
        delete_endpoint,
        rotate_endpoint,
        test_endpoint,
        list_event_deliveries,
        redeliver_event,
    ],
    cache_control=CacheControlHeader(no_store=True),
    tags=["endpoints"],
)
