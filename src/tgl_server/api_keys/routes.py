"""The routes for a user's own API keys; all need a session, since a key must never make or widen a key."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, delete, get, patch, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter, QueryParameter

from tgl_protocol.api_keys import CreatedKey, KeyChange, KeyInfo, KeyPage, KeyRotation, KeyState, KeyUsage, NewKey
from tgl_server import errors
from tgl_server.access.callers import session_user
from tgl_server.access.refusals import audited_as
from tgl_server.api_keys import once, reading, service
from tgl_server.api_keys.actions import ApiKeyAction
from tgl_server.api_keys.errors import IdempotencyKeyReused, KeyMadeAlready
from tgl_server.audit.service import Actor
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.created import Created
from tgl_server.http.declarations import answers, reads_headers
from tgl_server.http.example_values import KEY_ID
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.pagination import Cursor, Limit

KeyId = Annotated[
    UUID,
    PathParameter(description="The API key's id", examples=[Example(value=str(KEY_ID))]),
]

# Litestar reserves the argument name `state`.
InState = Annotated[KeyState | None, QueryParameter(name="state", description="Only keys in this state")]


@post(
    "/",
    opt=audited_as(ApiKeyAction.API_KEY_CREATED)
    | reads_headers(once.HEADER)
    | answers(errors.Conflict, KeyMadeAlready, IdempotencyKeyReused),
)
async def create_key(
    request: Request[Any, Any, Any],
    data: JSONBody[NewKey],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    argon2: NamedDependency[Argon2],
) -> Created[CreatedKey]:
    """Make a key. Only this answer ever shows it in full."""
    key = await service.issue_key(database, argon2, principal, data, actor, once.once_of(request, data))
    return Created(key, "api-keys", key.id)


@get("/")
async def list_keys(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    in_state: InState = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> KeyPage:
    """List your keys, newest first: in any state, unless one is asked for."""
    refuse_null(request, "state")
    async with database.transaction() as tx:
        return await service.list_keys(tx, principal.user_id, state=in_state, limit=limit, cursor=cursor)


@get("/{key_id:uuid}", opt=answers(errors.Busy))
async def get_key(key_id: KeyId, principal: NamedDependency[Principal], database: NamedDependency[Database]) -> KeyInfo:
    """Show one of your keys, and its use."""
    async with database.transaction(key_id) as tx:
        return await service.key_info(tx, await service.get_key(tx, principal.user_id, key_id))


@get("/{key_id:uuid}/usage")
async def key_usage(
    key_id: KeyId, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> KeyUsage:
    """Show how often one of your keys was used and refused, by day, in the last 30 days."""
    async with database.statements() as connection:
        return await reading.key_usage(connection, principal.user_id, key_id)


@patch("/{key_id:uuid}", opt=audited_as(ApiKeyAction.API_KEY_CHANGED) | answers(errors.Conflict, errors.Busy))
async def change_key(
    key_id: KeyId,
    data: JSONBody[KeyChange],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> KeyInfo:
    """Rename, deactivate or activate a key, or remove scopes; takes effect with the next request, in every process."""
    async with database.transaction(key_id) as tx:
        row = await service.get_key(tx, principal.user_id, key_id)
        await service.change_key(tx, row, data, actor)
        return await service.key_info(tx, row)


@delete("/{key_id:uuid}", status_code=200, opt=audited_as(ApiKeyAction.API_KEY_REVOKED) | answers(errors.Busy))
async def revoke_key(
    key_id: KeyId,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> KeyInfo:
    """Revoke a key for good; it stays listed. Repeating it is not an error."""
    async with database.transaction(key_id) as tx:
        row = await service.get_key(tx, principal.user_id, key_id)
        await service.revoke_key(tx, row, actor)
        return await service.key_info(tx, row)


@post("/{key_id:uuid}/rotate", opt=audited_as(ApiKeyAction.API_KEY_ROTATED) | answers(errors.Conflict, errors.Busy))
async def rotate_key(
    key_id: KeyId,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    argon2: NamedDependency[Argon2],
    data: JSONBody[KeyRotation | None] = None,
) -> Created[CreatedKey]:
    """Replace a key by a new one with the same rights; both work until the overlap ends."""
    overlap = timedelta(minutes=(data or KeyRotation()).overlap_minutes)
    key = await service.replace_key(database, argon2, principal, key_id, overlap, actor)
    return Created(key, "api-keys", key.id)


api_keys_router = Router(
    "/api-keys",
    route_handlers=[create_key, list_keys, get_key, key_usage, change_key, revoke_key, rotate_key],
    guards=[session_user],
    cache_control=CacheControlHeader(no_store=True),
    tags=["api-keys"],
)
