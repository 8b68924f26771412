"""Making, listing, changing, rotating and revoking API keys.

A function takes its transaction first and never commits. A key is hashed before the transaction is opened: hashing
may have to wait, and a connection to the database must not wait with it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import UNSET, Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.api_keys import KeyChange, KeyInfo, KeyPage, KeyState
from tgl_protocol.keys import ApiKey, generate_api_key
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.api_keys import rules
from tgl_server.api_keys.models import ApiKeyRow
from tgl_server.api_keys.queries import READABLE_REPOS
from tgl_server.audit.actions import AuditAction
from tgl_server.audit.service import Actor, record
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import ALL_SCOPES, Principal, Scope, join_scopes
from tgl_server.cursors import decode_cursor, encode_cursor
from tgl_server.db.rows import Rows
from tgl_server.plain_text import one_line

COMMAND_LINE = Actor()


class ApiKeys(Rows[ApiKeyRow]):
    """Rows of `api_keys`."""

    model_type = ApiKeyRow


class HashedKey(Struct, frozen=True):
    """A key that is not stored yet."""

    key: ApiKey
    key_hash: str


class KeyRights(Struct, frozen=True, kw_only=True):
    """What a key may be used for, where and until when; None restricts nothing."""

    scopes: frozenset[Scope] = ALL_SCOPES
    expires_at: datetime | None = None
    repo_ids: list[UUID] | None = None
    networks: list[str] | None = None


async def hash_new_key(argon2: Argon2) -> HashedKey:
    """A new random key with its hash."""
    key = generate_api_key()
    return HashedKey(key, await argon2.hash(key.full_key))


async def create_key(
    tx: AsyncSession,
    argon2: Argon2,
    user_id: UUID,
    name: str,
    *,
    scopes: Iterable[Scope] = tuple(Scope),
    expires_at: datetime | None = None,
) -> tuple[ApiKeyRow, ApiKey]:
    """The stored row, and the whole key, which exists nowhere else from now on. For the command line, which waits."""
    hashed = await hash_new_key(argon2)
    rights = KeyRights(scopes=frozenset(scopes), expires_at=expires_at)
    return await store_key(tx, hashed, user_id, name, rights), hashed.key


async def store_key(
    tx: AsyncSession, hashed: HashedKey, user_id: UUID, name: str, rights: KeyRights, actor: Actor = COMMAND_LINE
) -> ApiKeyRow:
    """A new key of a user's."""
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
    await record(tx, actor.did(AuditAction.API_KEY_CREATED, "api_key", row.id, **details))
    return row


def _checked_name(name: str) -> str:
    name = one_line("name", name)
    if not name:
        raise errors.InvalidBody(errors=[FieldError("Expected a name that shows what the key is for", field="name")])
    return name


async def check_repos(tx: AsyncSession, principal: Principal, repo_ids: list[UUID] | None) -> list[UUID] | None:
    """Each once; raises 422 for those that the user may not read, whether they exist or not."""
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


async def list_keys(tx: AsyncSession, user_id: UUID, *, limit: int, cursor: str | None = None) -> KeyPage:
    """One page of all of a user's keys, newest first: ids are UUIDv7 and grow with time."""
    query = select(ApiKeyRow).where(ApiKeyRow.user_id == user_id).order_by(ApiKeyRow.id.desc()).limit(limit + 1)
    if cursor is not None:
        (before,) = decode_cursor(cursor, tuple[UUID])
        query = query.where(ApiKeyRow.id < before)
    rows = (await tx.scalars(query)).all()
    items = [key_info(row) for row in rows[:limit]]
    return KeyPage(items, encode_cursor(items[-1].id) if len(rows) > limit else None)


async def get_key(tx: AsyncSession, user_id: UUID, key_id: UUID) -> ApiKeyRow:
    """One of the user's own, locked until the transaction ends; raises `NotFound` for those of others."""
    query = select(ApiKeyRow).where(ApiKeyRow.id == key_id, ApiKeyRow.user_id == user_id)
    row: ApiKeyRow | None = await tx.scalar(query.with_for_update(key_share=True))
    if row is None:
        raise errors.NotFound("You have no such API key.")
    return row


async def find_key(tx: AsyncSession, prefix: str) -> ApiKeyRow | None:
    """Anybody's, by its prefix, locked until the transaction ends."""
    query = select(ApiKeyRow).where(ApiKeyRow.prefix == prefix).with_for_update(key_share=True)
    found: ApiKeyRow | None = await tx.scalar(query)
    return found


async def change_key(tx: AsyncSession, row: ApiKeyRow, change: KeyChange, actor: Actor) -> None:
    """Rename, activate or deactivate, take scopes away. A revoked key stays as it is."""
    if row.revoked_at is not None:
        raise errors.Conflict("This API key was revoked for good; create a new one.")
    wanted = {
        "name": UNSET if change.name is UNSET else _checked_name(change.name),
        "is_active": change.is_active,
        "scopes": UNSET if change.scopes is UNSET else _fewer_scopes(row, change.scopes),
    }
    differences = {}
    for name, value in wanted.items():
        before = getattr(row, name)
        if value is not UNSET and value != before:
            differences[name] = {"from": before, "to": value}
            setattr(row, name, value)
    if differences:
        await record(tx, actor.did(AuditAction.API_KEY_CHANGED, "api_key", row.id, prefix=row.prefix, **differences))


def _fewer_scopes(row: ApiKeyRow, given: str | list[str]) -> list[str]:
    scopes = sorted(rules.parse_scopes(given))
    if not set(scopes) <= set(row.scopes):
        message = "A key's scopes can only become fewer; make a new key for more"
        raise errors.InvalidBody(errors=[FieldError(message, field="scopes")])
    return [str(scope) for scope in scopes]


async def revoke_key(tx: AsyncSession, row: ApiKeyRow, actor: Actor) -> None:
    """For good, with the next request in every process; again is no error."""
    if row.revoked_at is None:
        row.revoked_at = datetime.now(UTC)
        await record(tx, actor.did(AuditAction.API_KEY_REVOKED, "api_key", row.id, prefix=row.prefix))


async def rotate_key(
    tx: AsyncSession, old: ApiKeyRow, hashed: HashedKey, overlap: timedelta, actor: Actor
) -> ApiKeyRow:
    """A new key with the rights of the old one, which works until the overlap is over."""
    now = datetime.now(UTC)
    _check_can_rotate(old, now)
    # As long as the old one was made to live, or rotating would not be worth the while shortly before it expires.
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
    await record(tx, actor.did(AuditAction.API_KEY_ROTATED, "api_key", old.id, **details))
    return new


def _check_can_rotate(row: ApiKeyRow, now: datetime) -> None:
    state = _state(row, now)
    if state is not KeyState.ACTIVE:
        raise errors.Conflict(f"This API key is {state}, and only an active one can be rotated; create a new one.")
    if row.rotated_to is not None:
        raise errors.Conflict("This API key was rotated already; rotate the new one.")


def _state(row: ApiKeyRow, now: datetime) -> KeyState:
    return rules.key_state(is_active=row.is_active, expires_at=row.expires_at, revoked_at=row.revoked_at, now=now)


def key_info(row: ApiKeyRow) -> KeyInfo:
    """As the API shows a key."""
    return KeyInfo(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=join_scopes(frozenset(Scope(scope) for scope in row.scopes)),
        state=_state(row, datetime.now(UTC)),
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
