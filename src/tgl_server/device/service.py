"""The use cases of a machine's login: asking, looking at it, approving or declining it, and collecting the key.

The key is made as it is collected, so its clear text is in one answer and nowhere else. docs/decisions/device-flow.md.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from limits import RateLimitItemPerMinute
from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.device import DeviceRequest, DeviceToken
from tgl_server.api_keys.service import HashedKey, KeyRights, expiry_in_days, hash_new_key, key_info, store_key
from tgl_server.audit.service import Actor, record
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import Scope
from tgl_server.db.engine import Database
from tgl_server.device import errors, queries
from tgl_server.device.actions import DeviceAction
from tgl_server.device.codes import digest, new_device_code, new_user_code, normalised
from tgl_server.device.models import LoginState
from tgl_server.http.client_address import Origin
from tgl_server.http.text_rules import one_line
from tgl_server.limits.limiter import RateLimiter
from tgl_server.limits.middleware import refusal
from tgl_server.settings import Settings

LIFETIME: Final = timedelta(minutes=10)
INTERVAL: Final = timedelta(seconds=5)

_DAY = 86_400
#: Guesses of all accounts together, as a multiple of those of one.
_ALL_ACCOUNTS = 10
_BY_ACCOUNT = "device_codes_of_account"
_BY_ALL = "device_codes"
_ACTIONS = {LoginState.APPROVED: DeviceAction.DEVICE_APPROVED, LoginState.DECLINED: DeviceAction.DEVICE_DECLINED}


class Codes(Struct, frozen=True):
    """The codes of a login that was just asked for; only here are they in clear text."""

    device_code: str
    user_code: str

    def __repr__(self) -> str:
        return "Codes()"


class Login(Struct, frozen=True, kw_only=True):
    """A login as its person sees it; `asked_from` is None for a socket of the server's own machine."""

    id: UUID
    state: LoginState
    name: str
    scopes: tuple[Scope, ...]
    expires_in_days: int
    asked_from: str | None
    user_agent: str | None
    asked_at: datetime


async def ask(database: Database, wish: DeviceRequest, origin: Origin) -> Codes:
    """Let a login wait for its person; raises `InvalidScope`, or a 422 error for a name that is none."""
    name, scopes = one_line("name", wish.name), _scopes(wish.scope)
    while True:
        codes = Codes(new_device_code(), new_user_code())
        row = {
            "id": uuid7(),
            "device_code_hash": digest(codes.device_code),
            "user_code_hash": digest(codes.user_code),
            "name": name or DeviceRequest().name,
            "scopes": scopes,
            "expires_in_days": wish.expires_in_days,
            "ip": origin.ip,
            "user_agent": origin.user_agent,
            "lifetime": LIFETIME,
            "interval_seconds": int(INTERVAL.total_seconds()),
        }
        async with database.transaction() as tx:
            if await tx.scalar(queries.ADD_LOGIN, row) is not None:
                return codes


def _scopes(text: str) -> list[str]:
    words = set(text.split())
    if not words or not words <= set(Scope):
        raise errors.InvalidScope
    return [str(scope) for scope in Scope if scope in words]


async def find_login(
    database: Database, limiter: RateLimiter, settings: Settings, account: UUID, typed: str
) -> tuple[str, Login]:
    """The login that waits with a code, and the code as it is shown; raises `NoSuchCode`, or a 429 error.

    Each look counts, right or wrong: a thousand at once would otherwise all find the count low.
    """
    await _count_guess(limiter, settings, account)
    code = normalised(typed)
    if code is None:
        raise errors.NoSuchCode
    async with database.statements() as connection:
        found = await connection.execute(queries.LOGIN_BY_USER_CODE, {"user_code_hash": digest(code)})
    row = found.mappings().one_or_none()
    if row is None or row["state"] == LoginState.COLLECTED:
        raise errors.NoSuchCode
    if row["state"] != LoginState.WAITING and row["user_id"] != account:
        raise errors.NoSuchCode
    return code, _login(row)


async def _count_guess(limiter: RateLimiter, settings: Settings, account: UUID) -> None:
    most = settings.login_requests_per_minute
    for item, limit, who in (
        (RateLimitItemPerMinute(most), _BY_ACCOUNT, str(account)),
        (RateLimitItemPerMinute(most * _ALL_ACCOUNTS), _BY_ALL, ""),
    ):
        standing = await limiter.hit(item, limit, who)
        if standing is not None and standing.is_refused:
            raise refusal(limit, standing)


async def decide(tx: AsyncSession, code: str, state: LoginState, actor: Actor) -> Login:
    """Approve or decline the login that waits with a code; raises `LoginAnswered` if somebody was faster."""
    answer = {"user_code_hash": digest(code), "state": state, "user_id": actor.user_id}
    row = (await tx.execute(queries.DECIDE, answer)).mappings().one_or_none()
    if row is None:
        raise errors.LoginAnswered
    login = _login(row)
    details = {"name": login.name, "scopes": ",".join(login.scopes), "asked_from": login.asked_from}
    await record(tx, actor.did(_ACTIONS[state], "device_login", login.id, **details))
    return login


async def collect(database: Database, argon2: Argon2, device_code: str, origin: Origin) -> DeviceToken:
    """The key of a login that was approved, which is made now; raises an `OAuthRefusal` as long as there is none."""
    which = {"device_code_hash": digest(device_code)}
    async with database.transaction() as tx:
        row = (await tx.execute(queries.POLL, which)).mappings().one_or_none()
    _check(row)
    hashed = await hash_new_key(argon2)
    async with database.transaction() as tx:
        return await _make_key(tx, hashed, which, origin)


def _check(row: RowMapping | None) -> None:
    """Raises the refusal of a login that has no key to give."""
    if row is None or row["state"] == LoginState.COLLECTED:
        raise errors.DeviceCodeGone
    if row["state"] == LoginState.DECLINED:
        raise errors.LoginDeclined
    if row["has_expired"]:
        raise errors.DeviceCodeExpired
    if row["state"] == LoginState.WAITING:
        raise errors.SlowDown if row["is_early"] else errors.AuthorizationPending
    if not row["is_allowed"]:
        raise errors.LoginDeclined


async def _make_key(tx: AsyncSession, hashed: HashedKey, which: dict[str, bytes], origin: Origin) -> DeviceToken:
    row = (await tx.execute(queries.COLLECT, which)).mappings().one_or_none()
    if row is None:
        raise errors.DeviceCodeGone
    if await tx.scalar(queries.LOCK_ACTIVE_USER, {"user_id": row["user_id"]}) is None:
        raise errors.LoginDeclined
    scopes, days = frozenset(Scope(scope) for scope in row["scopes"]), row["expires_in_days"]
    rights = KeyRights(scopes=scopes, expires_at=await expiry_in_days(tx, days))
    actor = Actor(row["user_id"], None, origin)
    key = await store_key(tx, hashed, row["user_id"], row["name"], rights, actor)
    details = {"name": row["name"], "prefix": key.prefix, "asked_from": row["ip"]}
    await record(tx, actor.did(DeviceAction.DEVICE_COLLECTED, "device_login", row["id"], **details))
    return DeviceToken(
        access_token=hashed.key.full_key,
        token_type="Bearer",  # noqa: S106 -- a kind of token, not one
        expires_in=days * _DAY,
        scope=" ".join(row["scopes"]),
        key=await key_info(tx, key),
    )


def _login(row: RowMapping) -> Login:
    return Login(
        id=row["id"],
        state=LoginState(row["state"]),
        name=row["name"],
        scopes=tuple(Scope(scope) for scope in row["scopes"]),
        expires_in_days=row["expires_in_days"],
        asked_from=row["ip"],
        user_agent=row["user_agent"],
        asked_at=row["created_at"],
    )
