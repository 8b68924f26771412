"""From an API key to a principal: prefix lookup, Argon2id once, then a short-lived memory of the verification."""

import hashlib
import secrets
import time
from collections import OrderedDict
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.keys import ApiKey
from tgl_server import errors
from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.service import AuditEntry, record
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import Principal, Scope
from tgl_server.auth.queries import KEY_BY_PREFIX
from tgl_server.db.engine import Database
from tgl_server.origin import Origin

_MAX_REMEMBERED = 10_000


class VerifiedKeys:
    """Remembers for a short time that a token matched a row's hash.

    What is kept is a keyed hash of both, with a key that lives and dies with the process: it tells nothing about
    the token, and a row with another hash makes it useless.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._key = secrets.token_bytes(32)
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def knows(self, token: str, key_hash: str) -> bool:
        return self._until.get(self._digest(token, key_hash), 0.0) > time.monotonic()

    def remember(self, token: str, key_hash: str) -> None:
        self._until[self._digest(token, key_hash)] = time.monotonic() + self._seconds
        while len(self._until) > _MAX_REMEMBERED:
            self._until.popitem(last=False)

    def _digest(self, token: str, key_hash: str) -> bytes:
        return hashlib.blake2b(f"{token}\n{key_hash}".encode(), key=self._key, digest_size=32).digest()


class ApiKeyAuthentication:
    """Verifies API keys; the row is read on every call, however warm the memory is."""

    def __init__(self, database: Database, argon2: Argon2, remember_seconds: float) -> None:
        self._database = database
        self._argon2 = argon2
        self._verified = VerifiedKeys(remember_seconds)

    async def principal(self, key: ApiKey, origin: Origin) -> Principal:
        """Raises one of the 401 and 403 errors; each refused use of a known prefix is in the audit log."""
        async with self._database.statements() as connection:
            row = await _find(connection, key.prefix)
        if row is None:
            raise errors.InvalidApiKey
        matches = await self._matches(key, row)
        refusal = _reason_to_refuse(row, origin) if matches else errors.InvalidApiKey()
        if refusal is not None:
            await self._record_refusal(row, key, origin, refusal)
            raise refusal
        return _principal(row, key)

    async def _matches(self, key: ApiKey, row: RowMapping) -> bool:
        if self._verified.knows(key.full_key, row["key_hash"]):
            return True
        if not await self._argon2.verify_key(row["key_hash"], key.full_key):
            return False
        self._verified.remember(key.full_key, row["key_hash"])
        return True

    async def _record_refusal(self, row: RowMapping, key: ApiKey, origin: Origin, refusal: errors.ApiError) -> None:
        entry = AuditEntry(
            action=AuditAction.API_KEY_REFUSED,
            outcome=AuditOutcome.REFUSED,
            actor_user_id=row["user_id"],
            actor_key_id=row["id"],
            resource_type="api_key",
            resource_id=str(row["id"]),
            origin=origin,
            details={"prefix": key.prefix, "reason": refusal.code},
        )
        async with self._database.transaction() as tx:
            await record(tx, entry)


async def _find(connection: AsyncConnection, prefix: str) -> RowMapping | None:
    return (await connection.execute(KEY_BY_PREFIX, {"prefix": prefix})).mappings().one_or_none()


def _reason_to_refuse(row: RowMapping, origin: Origin) -> errors.ApiError | None:
    """Only asked of a caller who has the whole key: the prefix alone learns nothing about its state."""
    if row["revoked_at"] is not None and row["revoked_at"] <= datetime.now(UTC):
        return errors.RevokedApiKey()
    if row["expires_at"] is not None and row["expires_at"] <= datetime.now(UTC):
        return errors.ExpiredApiKey()
    if not row["is_active"]:
        return errors.InactiveApiKey()
    if row["state"] != "active":
        return errors.AccountNotActive()
    if row["networks"] is not None and not _is_inside(origin.ip, row["networks"]):
        return errors.NetworkNotAllowed()
    return None


def _is_inside(ip: str | None, networks: list[str]) -> bool:
    if ip is None:
        return False
    address = ip_address(ip)
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ip_network(network) for network in networks)


def _principal(row: RowMapping, key: ApiKey) -> Principal:
    return Principal(
        user_id=row["user_id"],
        is_commissioner=row["role"] == "commissioner",
        scopes=frozenset(Scope(scope) for scope in row["scopes"]),
        key_id=row["id"],
        key_prefix=key.prefix,
        repo_ids=frozenset(row["repo_ids"]) if row["repo_ids"] is not None else None,
    )
