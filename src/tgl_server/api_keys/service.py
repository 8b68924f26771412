"""The rules for making, listing, changing, rotating and revoking API keys.

A function takes its transaction first and never commits, but for the two that make a key for a caller: a key is hashed
before its transaction is opened, as hashing may have to wait and a connection to the database must not wait with it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.api_keys import CreatedKey, KeyChange, KeyInfo, KeyPage, KeyState, NewKey
from tgl_protocol.events import EventType
from tgl_protocol.keys import ApiKey, generate_api_key
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.api_keys import rules
from tgl_server.api_keys.actions import ApiKeyAction
from tgl_server.api_keys.key_events import tell_of_key
from tgl_server.api_keys.models import ApiKeyRow
from tgl_server.api_keys.once import Once, refuse_repetition
from tgl_server.api_keys.queries import READABLE_REPOS, in_state
from tgl_server.audit.changes import apply_changes
from tgl_server.audit.service import Actor, record
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import USUAL_SCOPES, Principal, Scope, join_scopes
from tgl_server.auth.turns import Queue
from tgl_server.db.clock import database_now
from tgl_server.db.engine import Database
from tgl_server.db.rows import Rows
from tgl_server.http.body import named_fields
from tgl_server.http.pagination import decode_cursor, encode_cursor
from tgl_server.http.text_rules import one_line

COMMAND_LINE = Actor()
NO_SUCH_KEY = "You have no such API key."


class ApiKeys(Rows[ApiKeyRow]):
    """The rows of `api_keys`."""

    model_type = ApiKeyRow


class HashedKey(Struct, frozen=True):
    """A new key with its hash, not stored yet."""

    key: ApiKey
    key_hash: str


class KeyRights(Struct, frozen=True, kw_only=True):
    """The rights of a key: what for, where and until when; None is no restriction."""

    scopes: frozenset[Scope] = USUAL_SCOPES
    expires_at: datetime | None = None
    repo_ids: list[UUID] | None = None
    networks: list[str] | None = None


async def issue_key(
    database: Database, argon2: Argon2, owner: Principal, new: NewKey, actor: Actor, once: Once | None = None
) -> CreatedKey:
    """Make a key for its owner, perhaps restricted to repositories that they may read; raises 422 errors.

    With `once` a repetition makes none; raises `KeyMadeAlready`.
    """
    scopes, networks = rules.parse_scopes(new.scopes), new.networks and rules.parse_networks(new.networks)
    hashed = await hash_new_key(argon2)
    async with database.transaction() as tx:
        if once is not None:
            await refuse_repetition(tx, owner.user_id, once)
        expires_at = await expiry_in_days(tx, new.expires_in_days)
        repo_ids = await check_repos(tx, owner, new.repo_ids)
        rights = KeyRights(scopes=scopes, expires_at=expires_at, repo_ids=repo_ids, networks=networks)
        row = await store_key(tx, hashed, owner.user_id, new.name, rights, actor)
        if once is not None:
            row.idempotency_hash, row.request_hash = once.idempotency_hash, once.request_hash
            await tx.flush()
        return await _created(tx, row, hashed)


async def replace_key(
    database: Database, argon2: Argon2, owner: Principal, key_id: UUID, overlap: timedelta, actor: Actor
) -> CreatedKey:
    """Rotate one of the owner's keys; raises `NotFound` and `Conflict`."""
    hashed = await hash_new_key(argon2)
    async with database.transaction(key_id) as tx:
        old = await get_key(tx, owner.user_id, key_id)
        return await _created(tx, await rotate_key(tx, old, hashed, overlap, actor), hashed)


async def _created(tx: AsyncSession, row: ApiKeyRow, hashed: HashedKey) -> CreatedKey:
    info = await key_info(tx, row)
    fields = {name: getattr(info, name) for name in KeyInfo.__struct_fields__}
    return CreatedKey(**fields, full_key=hashed.key.full_key)


async def expiry_in_days(tx: AsyncSession, days: int | None) -> datetime | None:
    """The expiry of a key that is made now; None for one that does not expire."""
    return await database_now(tx) + timedelta(days=days) if days else None


async def hash_new_key(argon2: Argon2) -> HashedKey:
    """A new random key with its hash."""
    key = generate_api_key()
    return HashedKey(key, await argon2.hash(key.full_key, Queue.NEW_KEYS))


async def create_key(
    tx: AsyncSession,
    argon2: Argon2,
    user_id: UUID,
    name: str,
    *,
    scopes: Iterable[Scope] = tuple(Scope),
    expires_at: datetime | None = None,
    repo_ids: list[UUID] | None = None,
    networks: list[str] | None = None,
) -> tuple[ApiKeyRow, ApiKey]:
    """Make a key for the command line, where hashing may block; the row, and the full key, which is nowhere else."""
    hashed = await hash_new_key(argon2)
    rights = KeyRights(scopes=frozenset(scopes), expires_at=expires_at, repo_ids=repo_ids, networks=networks)
    return await store_key(tx, hashed, user_id, name, rights), hashed.key


async def store_key(
    tx: AsyncSession, hashed: HashedKey, user_id: UUID, name: str, rights: KeyRights, actor: Actor = COMMAND_LINE
) -> ApiKeyRow:
    """Store a user's new key, and record that."""
    row = ApiKeyRow(
        user_id=user_id,
        name=_checked_name(name),
        prefix=hashed.key.prefix,
        key_hash=hashed.key_hash,
        scopes=sorted(rights.scopes),
        expires_at=rights.expires_at,
        repo_ids=rights.repo_ids,
        networks=rights.networks,
    )
    row = await ApiKeys(session=tx).add(row)
    details = {"name": row.name, "prefix": row.prefix, "scopes": join_scopes(rights.scopes)}
    await record(tx, actor.did(ApiKeyAction.API_KEY_CREATED, "api_key", row.id, **details))
    await tell_of_key(tx, EventType.KEY_CREATED, row)
    return row


def _checked_name(name: str) -> str:
    name = one_line("name", name)
    if not name:
        raise errors.InvalidBody(errors=[FieldError("Expected a name that shows what the key is for", field="name")])
    return name


async def check_repos(tx: AsyncSession, principal: Principal, repo_ids: list[UUID] | None) -> list[UUID] | None:
    """The repositories, each once; raises a 422 error for those that the user may not read, existing or not."""
    if repo_ids is None:
        return None
    wanted = list(dict.fromkeys(repo_ids))
    asked = {"repo_ids": wanted, "user_id": principal.user_id, "sees_all": principal.is_commissioner}
    readable = set((await tx.scalars(READABLE_REPOS, asked)).all())
    unknown = [
        FieldError(f"There is no such repository, or you may not see it: {id_}", field=f"repo_ids[{index}]")
        for index, id_ in enumerate(wanted)
        if id_ not in readable
    ]
    if unknown:
        raise errors.InvalidBody(errors=unknown)
    return wanted


async def list_keys(
    tx: AsyncSession, user_id: UUID, *, state: KeyState | None = None, limit: int, cursor: str | None = None
) -> KeyPage:
    """One page of a user's keys, newest first: ids are UUIDv7 and grow with time."""
    wanted = select(ApiKeyRow).where(ApiKeyRow.user_id == user_id)
    if state is not None:
        wanted = wanted.where(in_state(state))
    query = wanted.order_by(ApiKeyRow.id.desc()).limit(limit + 1)
    if cursor is not None:
        (before,) = decode_cursor(cursor, tuple[UUID])
        query = query.where(ApiKeyRow.id < before)
    rows = (await tx.scalars(query)).all()
    now = await database_now(tx)
    items = [_info(row, now) for row in rows[:limit]]
    total = await tx.scalar(select(func.count()).select_from(wanted.subquery()))
    return KeyPage(items, encode_cursor(items[-1].id) if len(rows) > limit else None, total)


async def get_key(tx: AsyncSession, user_id: UUID, key_id: UUID) -> ApiKeyRow:
    """A user's own key, locked until the transaction ends; raises `NotFound`, also for the keys of others."""
    query = select(ApiKeyRow).where(ApiKeyRow.id == key_id, ApiKeyRow.user_id == user_id)
    row: ApiKeyRow | None = await tx.scalar(query.with_for_update(key_share=True))
    if row is None:
        raise errors.NotFound(NO_SUCH_KEY)
    return row


async def find_key(tx: AsyncSession, prefix: str) -> ApiKeyRow | None:
    """The key with this prefix, whoever owns it, locked until the transaction ends; None without one."""
    query = select(ApiKeyRow).where(ApiKeyRow.prefix == prefix).with_for_update(key_share=True)
    found: ApiKeyRow | None = await tx.scalar(query)
    return found


async def change_key(tx: AsyncSession, row: ApiKeyRow, change: KeyChange, actor: Actor) -> None:
    """Rename, activate or deactivate a key, or remove scopes; raises `Conflict` for a revoked one."""
    if row.revoked_at is not None:
        raise errors.Conflict("This API key was revoked for good; create a new one.")
    wanted = named_fields(change)
    if "name" in wanted:
        wanted["name"] = _checked_name(wanted["name"])
    if "scopes" in wanted:
        wanted["scopes"] = _fewer_scopes(row, wanted["scopes"])
    changed = apply_changes(row, wanted)
    if changed:
        await record(tx, actor.did(ApiKeyAction.API_KEY_CHANGED, "api_key", row.id, prefix=row.prefix, changed=changed))
        await tell_of_key(tx, EventType.KEY_CHANGED, row)


def _fewer_scopes(row: ApiKeyRow, given: str | list[str]) -> list[str]:
    scopes = sorted(rules.parse_scopes(given))
    if not set(scopes) <= set(row.scopes):
        message = "A key's scopes can only become fewer; make a new key for more"
        raise errors.InvalidBody(errors=[FieldError(message, field="scopes")])
    return [str(scope) for scope in scopes]


async def revoke_key(tx: AsyncSession, row: ApiKeyRow, actor: Actor) -> None:
    """Revoke a key for good, from the next request on in every process; repeating it is not an error."""
    if row.revoked_at is None:
        row.revoked_at = await database_now(tx)
        await record(tx, actor.did(ApiKeyAction.API_KEY_REVOKED, "api_key", row.id, prefix=row.prefix))
        await tell_of_key(tx, EventType.KEY_REVOKED, row)


async def rotate_key(
    tx: AsyncSession, old: ApiKeyRow, hashed: HashedKey, overlap: timedelta, actor: Actor
) -> ApiKeyRow:
    """Make a new key with the rights of the old one, which works until the overlap ends."""
    now = await database_now(tx)
    _check_can_rotate(old, now)
    # The new key lives as long as the old one was made to: otherwise a rotation shortly before its end were useless.
    expires_at = None if old.expires_at is None else now + (old.expires_at - old.created_at)
    rights = KeyRights(
        scopes=frozenset(Scope(scope) for scope in old.scopes),
        expires_at=expires_at,
        repo_ids=old.repo_ids,
        networks=old.networks,
    )
    new = await store_key(tx, hashed, old.user_id, old.name, rights, actor)
    old.rotated_to = new.id
    old.expires_at = rules.overlap_end(old.expires_at, now + overlap)
    details = {"prefix": old.prefix, "rotated_to": str(new.id), "works_until": old.expires_at.isoformat()}
    await record(tx, actor.did(ApiKeyAction.API_KEY_ROTATED, "api_key", old.id, **details))
    return new


def _check_can_rotate(row: ApiKeyRow, now: datetime) -> None:
    state = _state(row, now)
    if state is not KeyState.ACTIVE:
        raise errors.Conflict(f"This API key is {state}, and only an active one can be rotated; create a new one.")
    if row.rotated_to is not None:
        raise errors.Conflict("This API key was rotated already; rotate the new one.")


def _state(row: ApiKeyRow, now: datetime) -> KeyState:
    return rules.key_state(is_active=row.is_active, expires_at=row.expires_at, revoked_at=row.revoked_at, now=now)


async def key_info(tx: AsyncSession, row: ApiKeyRow) -> KeyInfo:
    """A key as the API shows it."""
    return _info(row, await database_now(tx))


def _info(row: ApiKeyRow, now: datetime) -> KeyInfo:
    return KeyInfo(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=join_scopes(frozenset(Scope(scope) for scope in row.scopes)),
        state=_state(row, now),
        is_active=row.is_active,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        rotated_to=row.rotated_to,
        repo_ids=row.repo_ids,
        networks=None if row.networks is None else [str(network) for network in row.networks],
        last_used_at=row.last_used_at,
        last_used_ip=None if row.last_used_ip is None else str(row.last_used_ip),
        last_user_agent=row.last_user_agent,
        usage_count=row.usage_count,
    )
