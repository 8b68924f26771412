"""What maintainers do with endpoints: make, list, change, rotate, delete, send again, try.

A function takes its transaction first and never commits. A secret is in the answer that makes it and nowhere else.
"""

import base64
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from uuid_utils.compat import uuid7
from yarl import URL

from tgl_protocol.endpoints import (
    MAX_ENDPOINTS,
    DeliveryQueued,
    DeliveryState,
    EndpointChange,
    EndpointDeleted,
    EndpointInfo,
    EndpointList,
    EndpointSecret,
    EventDelivery,
    EventDeliveryPage,
    NewEndpoint,
)
from tgl_protocol.events import EventType
from tgl_protocol.problem import FieldError
from tgl_server.access.ids import ProjectId
from tgl_server.audit.service import Actor, record
from tgl_server.db.clock import database_now
from tgl_server.endpoints import queries
from tgl_server.endpoints.actions import EndpointAction
from tgl_server.endpoints.delivery_queries import ADD_MESSAGE, BACKLOG, GIVE_UP_ALL
from tgl_server.endpoints.errors import EndpointOff, TooManyEndpoints
from tgl_server.endpoints.message import PREFIX, body_of
from tgl_server.errors import Conflict, InvalidBody, NotFound
from tgl_server.http.body import named_fields
from tgl_server.http.pagination import decode_cursor, encode_cursor
from tgl_server.outbound.posting import BadReceiver, PostPolicy, receiver_url
from tgl_server.sealing.sealer import Sealer

#: What the secrets are sealed for.
PURPOSE = "endpoint"
_SECRET_BYTES = 32


async def create_endpoint(
    tx: AsyncSession,
    sealer: Sealer,
    policy: PostPolicy,
    project_id: ProjectId,
    new: NewEndpoint,
    by: Actor,
    endpoint_id: UUID | None = None,
) -> EndpointSecret:
    """Make an endpoint of a project; raises 422 errors, `TooManyEndpoints` and `NoSecretsKey`.

    An `endpoint_id` that was drawn before makes no second endpoint when the same request comes again: `Conflict`.
    """
    _check_url(new.url, policy)
    if await tx.scalar(queries.LOCK_PROJECT, {"project_id": project_id}) is None:
        raise NotFound("The project was deleted meanwhile.")
    if await tx.scalar(queries.COUNT, {"project_id": project_id}) >= MAX_ENDPOINTS:
        raise TooManyEndpoints
    id_, secret = endpoint_id or uuid4(), new_secret()
    row = {
        "id": id_,
        "project_id": project_id,
        "url": new.url,
        "types": _types(new.types),
        "sealed": sealer.seal(PURPOSE, id_, {"secret": secret}),
        "created_by": by.user_id,
    }
    if await tx.scalar(queries.ADD, row) is None:
        raise Conflict(
            "This endpoint was made already, and its secret was shown once. If it was not kept, change it on its page."
        )
    details = {"endpoint_id": str(id_), "host": _host(new.url), "types": _types(new.types)}
    await record(tx, by.did(EndpointAction.ENDPOINT_CREATED, "project", project_id, **details))
    return EndpointSecret(id=id_, url=new.url, secret=secret, old_secret_until=None)


async def change_endpoint(
    tx: AsyncSession, policy: PostPolicy, project_id: ProjectId, id_: UUID, change: EndpointChange, by: Actor
) -> EndpointInfo:
    """Change the fields that are named; raises `NotFound` and 422 errors."""
    before = await _locked(tx, project_id, id_)
    wanted = named_fields(change)
    if "url" in wanted:
        _check_url(wanted["url"], policy)
    if "types" in wanted:
        wanted["types"] = _types(wanted["types"])
    after = before | wanted
    await tx.execute(queries.CHANGE, {**after, "id": id_})
    if before["is_active"] and not after["is_active"]:
        await tx.execute(GIVE_UP_ALL, {"endpoint_id": id_, "reason": "the endpoint was switched off"})
    changed = {name: {"from": before[name], "to": after[name]} for name in wanted if before[name] != after[name]}
    if "url" in changed:  # it may hold a secret of its receiver's
        changed["url"] = {side: _host(text) for side, text in changed["url"].items()}
    if changed:
        details = {"endpoint_id": str(id_), "changed": changed}
        await record(tx, by.did(EndpointAction.ENDPOINT_CHANGED, "project", project_id, **details))
    return await get_endpoint(tx, project_id, id_)


async def rotate_endpoint(
    tx: AsyncSession, sealer: Sealer, project_id: ProjectId, id_: UUID, overlap: timedelta, by: Actor
) -> EndpointSecret:
    """Give an endpoint another secret; the one before signs as well until the overlap ends. Raises `NotFound`."""
    secret = new_secret()
    sealed = sealer.seal(PURPOSE, id_, {"secret": secret})
    which = {"id": id_, "project_id": project_id, "sealed": sealed, "overlap": overlap}
    row = (await tx.execute(queries.ROTATE, which)).one_or_none()
    if row is None:
        raise _no_such_endpoint()
    until = None if row.old_until is None else row.old_until.isoformat()
    details = {"endpoint_id": str(id_), "old_secret_until": until}
    await record(tx, by.did(EndpointAction.ENDPOINT_ROTATED, "project", project_id, **details))
    return EndpointSecret(id=id_, url=row.url, secret=secret, old_secret_until=row.old_until)


async def delete_endpoint(tx: AsyncSession, project_id: ProjectId, id_: UUID, by: Actor) -> EndpointDeleted:
    """Delete an endpoint with its secrets and deliveries; raises `NotFound`."""
    url = await tx.scalar(queries.DELETE, {"id": id_, "project_id": project_id})
    if url is None:
        raise _no_such_endpoint()
    details = {"endpoint_id": str(id_), "host": _host(url)}
    await record(tx, by.did(EndpointAction.ENDPOINT_DELETED, "project", project_id, **details))
    return EndpointDeleted(id_)


async def send_again(
    tx: AsyncSession, project_id: ProjectId, id_: UUID, delivery_id: UUID, by: Actor
) -> DeliveryQueued:
    """Send a message once more, with the same id; raises `NotFound`, or `EndpointOff`."""
    await _active(tx, project_id, id_)
    new_id = uuid7()
    again = {"id": id_, "delivery_id": delivery_id, "new_id": new_id}
    message_id = await tx.scalar(queries.SEND_AGAIN, again)
    if message_id is None:
        raise NotFound("The endpoint has no such delivery.")
    details = {"endpoint_id": str(id_), "message_id": str(message_id)}
    await record(tx, by.did(EndpointAction.ENDPOINT_REDELIVERED, "project", project_id, **details))
    return DeliveryQueued(delivery_id=new_id)


async def send_test(tx: AsyncSession, project_id: ProjectId, id_: UUID, by: Actor) -> DeliveryQueued:
    """Send a message of the type `test`, whatever types the endpoint wants; raises `NotFound`, or `EndpointOff`."""
    await _active(tx, project_id, id_)
    delivery_id = uuid7()
    body = body_of("test", await database_now(tx), {"project_id": project_id})
    message = {"id": delivery_id, "message_id": uuid7(), "type": "test", "repo_id": None, "body": body}
    await tx.execute(ADD_MESSAGE, {**message, "endpoint_id": id_})
    await record(tx, by.did(EndpointAction.ENDPOINT_TESTED, "project", project_id, endpoint_id=str(id_)))
    return DeliveryQueued(delivery_id=delivery_id)


async def list_endpoints(
    reader: AsyncConnection | AsyncSession, project_id: ProjectId, id_: UUID | None = None
) -> EndpointList:
    """The endpoints of a project, oldest first, or one of them."""
    rows = (await reader.execute(queries.LIST, {"project_id": project_id, "id": id_})).mappings()
    return EndpointList([EndpointInfo(**{**row, "types": _known(row["types"])}) for row in rows])


async def get_endpoint(reader: AsyncConnection | AsyncSession, project_id: ProjectId, id_: UUID) -> EndpointInfo:
    """One endpoint; raises `NotFound`."""
    found = (await list_endpoints(reader, project_id, id_)).items
    if not found:
        raise _no_such_endpoint()
    return found[0]


async def list_deliveries(
    connection: AsyncConnection,
    project_id: ProjectId,
    id_: UUID,
    *,
    limit: int,
    cursor: str | None = None,
    delivery_id: UUID | None = None,
) -> EventDeliveryPage:
    """One page of the messages to an endpoint, newest first, or one of them; raises `NotFound`."""
    (before,) = decode_cursor(cursor, tuple[int]) if cursor else (None,)
    if not await connection.scalar(queries.IS_OF_PROJECT, {"id": id_, "project_id": project_id}):
        raise _no_such_endpoint()
    wanted = {"id": id_, "before": before, "limit": limit + 1, "delivery_id": delivery_id}
    rows = (await connection.execute(queries.DELIVERIES, wanted)).mappings().all()
    items = [
        EventDelivery(
            **{name: row[name] for name in EventDelivery.__struct_fields__ if name != "state"},
            state=DeliveryState(row["state"]),
        )
        for row in rows[:limit]
    ]
    return EventDeliveryPage(items, encode_cursor(rows[limit - 1]["n"]) if len(rows) > limit else None)


async def backlog_of(connection: AsyncConnection) -> RowMapping:
    """The messages of all endpoints that wait and that were given up, and the age of the oldest that waits."""
    return (await connection.execute(BACKLOG)).mappings().one()


def new_secret() -> str:
    """A secret in the form of Standard Webhooks."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


async def _active(tx: AsyncSession, project_id: ProjectId, id_: UUID) -> None:
    if not (await _locked(tx, project_id, id_))["is_active"]:
        raise EndpointOff


async def _locked(tx: AsyncSession, project_id: ProjectId, id_: UUID) -> dict[str, Any]:
    row = (await tx.execute(queries.LOCK, {"id": id_, "project_id": project_id})).mappings().one_or_none()
    if row is None:
        raise _no_such_endpoint()
    return dict(row)


def _check_url(url: str, policy: PostPolicy) -> None:
    try:
        receiver_url(url, policy)
    except BadReceiver as fault:
        raise InvalidBody(errors=[FieldError(f"The address {fault}", field="url")]) from None


def _types(types: list[EventType] | None) -> list[str] | None:
    return None if types is None else sorted({str(type_) for type_ in types})


def _known(types: list[str] | None) -> list[EventType] | None:
    """The stored types that this version knows."""
    known = {str(type_) for type_ in EventType}
    return None if types is None else [EventType(type_) for type_ in types if type_ in known]


def _host(url: str) -> str:
    return URL(url).host or ""


def _no_such_endpoint() -> NotFound:
    return NotFound("The project has no such endpoint.")
