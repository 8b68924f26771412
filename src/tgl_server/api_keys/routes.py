"""A user's own API keys under `/api-keys`. All of it needs a session: a key can never make or widen a key."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, patch, post
from litestar.datastructures import CacheControlHeader, State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter

from tgl_protocol.api_keys import CreatedKey, KeyChange, KeyInfo, KeyPage, KeyRotation, NewKey
from tgl_server.api_keys import rules, service
from tgl_server.api_keys.models import ApiKeyRow
from tgl_server.api_keys.service import HashedKey, KeyRights
from tgl_server.audit.actions import AuditAction
from tgl_server.audit.service import Actor
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.guards import provide_actor, provide_principal, web_user
from tgl_server.auth.principal import Principal
from tgl_server.cursors import Cursor
from tgl_server.db.engine import Database

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many at the most")]


@post("/", opt={"audit": AuditAction.API_KEY_CREATED})
async def create_key(
    data: JSONBody[NewKey],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    argon2: NamedDependency[Argon2],
) -> CreatedKey:
    """Make a key. The answer is the only one that ever holds it whole."""
    scopes, networks = rules.parse_scopes(data.scopes), data.networks and rules.parse_networks(data.networks)
    expires_at = datetime.now(UTC) + timedelta(days=data.expires_in_days) if data.expires_in_days else None
    hashed = await service.hash_new_key(argon2)
    async with database.transaction() as tx:
        repo_ids = await service.check_repos(tx, principal, data.repo_ids)
        rights = KeyRights(scopes=scopes, expires_at=expires_at, repo_ids=repo_ids, networks=networks)
        row = await service.store_key(tx, hashed, principal.user_id, data.name, rights, actor)
        return _created(row, hashed)


@get("/")
async def list_keys(
    principal: NamedDependency[Principal], database: NamedDependency[Database], limit: Limit = 50, cursor: Cursor = None
) -> KeyPage:
    """Your keys, whatever their state, newest first."""
    async with database.transaction() as tx:
        return await service.list_keys(tx, principal.user_id, limit=limit, cursor=cursor)


@get("/{key_id:uuid}")
async def get_key(
    key_id: FromPath[UUID], principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> KeyInfo:
    """One of your keys, and its use."""
    async with database.transaction() as tx:
        return service.key_info(await service.get_key(tx, principal.user_id, key_id))


@patch("/{key_id:uuid}", opt={"audit": AuditAction.API_KEY_CHANGED})
async def change_key(
    key_id: FromPath[UUID],
    data: JSONBody[KeyChange],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> KeyInfo:
    """Rename, deactivate or activate, or take scopes away; acts with the next request, in every process."""
    async with database.transaction() as tx:
        row = await service.get_key(tx, principal.user_id, key_id)
        await service.change_key(tx, row, data, actor)
        return service.key_info(row)


@delete("/{key_id:uuid}", opt={"audit": AuditAction.API_KEY_REVOKED})
async def revoke_key(
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> None:
    """Revoke a key for good; it stays listed."""
    async with database.transaction() as tx:
        await service.revoke_key(tx, await service.get_key(tx, principal.user_id, key_id), actor)


@post("/{key_id:uuid}/rotate", opt={"audit": AuditAction.API_KEY_ROTATED})
async def rotate_key(
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    argon2: NamedDependency[Argon2],
    data: JSONBody[KeyRotation | None] = None,
) -> CreatedKey:
    """Replace a key by a new one with the same rights; for the overlap both work."""
    overlap = timedelta(minutes=(data or KeyRotation()).overlap_minutes)
    hashed = await service.hash_new_key(argon2)
    async with database.transaction() as tx:
        old = await service.get_key(tx, principal.user_id, key_id)
        return _created(await service.rotate_key(tx, old, hashed, overlap, actor), hashed)


def _created(row: ApiKeyRow, hashed: HashedKey) -> CreatedKey:
    info = service.key_info(row)
    fields = {name: getattr(info, name) for name in KeyInfo.__struct_fields__}
    return CreatedKey(**fields, full_key=hashed.key.full_key)


def _provide_argon2(state: State) -> Argon2:
    argon2: Argon2 = state.argon2
    return argon2


api_keys_router = Router(
    "/api-keys",
    route_handlers=[create_key, list_keys, get_key, change_key, revoke_key, rotate_key],
    guards=[web_user],
    dependencies={
        "principal": Provide(provide_principal),
        "actor": Provide(provide_actor),
        "argon2": Provide(_provide_argon2, sync_to_thread=False),
    },
    cache_control=CacheControlHeader(no_store=True),
    tags=["api-keys"],
)
