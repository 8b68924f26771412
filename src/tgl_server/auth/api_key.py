"""From an API key to a principal: prefix lookup, Argon2id once, then a short-lived memory of the verification."""

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from tgl_protocol.keys import ApiKey
from tgl_server import errors
from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.service import AuditEntry, record
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.key_rows import KeyRow, KeyRows
from tgl_server.auth.principal import Principal, Scope
from tgl_server.auth.renewal import KeyHashRenewal
from tgl_server.db.engine import Database
from tgl_server.origin import Origin

#: Keys that were not used of late are looked at so many at a time: they share a statement, and the event loop gets
#: no more of them between two requests of others. The rest wait in a line.
STRANGERS_AT_ONCE = 32

_MAX_REMEMBERED = 10_000
# Several times what all who are let into the line take on an idle machine; our client waits a minute for an answer.
_LONGEST_WAIT_SECONDS = 45.0
_RETRY_SECONDS = 5


class VerifiedKeys:
    """Remembers for a short time after each use that a token matched a row's hash.

    What is kept of the token is a keyed hash, with a key that lives and dies with the process; a row with another
    hash makes it useless.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._key = secrets.token_bytes(32)
        self._found: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def has_seen(self, token: str) -> bool:
        """Whether it matched some row not long ago; says nothing about the row of today."""
        return self._found.get(self._digest(token), ("", 0.0))[1] > time.monotonic()

    def knows(self, token: str, key_hash: str) -> bool:
        """Renews the memory: a key in steady use is not verified again, least of all during an attack."""
        digest = self._digest(token)
        known_hash, until = self._found.get(digest, ("", 0.0))
        if until <= time.monotonic() or known_hash != key_hash:
            return False
        self._remember(digest, key_hash)
        return True

    def remember(self, token: str, key_hash: str) -> None:
        self._remember(self._digest(token), key_hash)

    def _remember(self, digest: bytes, key_hash: str) -> None:
        self._found[digest] = (key_hash, time.monotonic() + self._seconds)
        self._found.move_to_end(digest)
        while len(self._found) > _MAX_REMEMBERED:
            self._found.popitem(last=False)

    def _digest(self, token: str) -> bytes:
        return hashlib.blake2b(token.encode(), key=self._key, digest_size=32).digest()


class ApiKeyAuthentication:
    """Verifies API keys; the row is read on every call, however warm the memory is."""

    def __init__(
        self,
        database: Database,
        argon2: Argon2,
        remember_seconds: float,
        longest_wait: float = _LONGEST_WAIT_SECONDS,
    ) -> None:
        self._database = database
        self._argon2 = argon2
        self._rows = KeyRows(database)
        self._verified = VerifiedKeys(remember_seconds)
        #: To be run beside the requests.
        self.renewal = KeyHashRenewal(database, argon2, self._verified.remember)
        self._strangers: Counter[str] = Counter()
        self._turns = asyncio.Semaphore(STRANGERS_AT_ONCE)
        self._longest_wait = longest_wait

    @property
    def strangers(self) -> int:
        """How many keys that were not used of late are being looked at, or wait for their turn."""
        return len(self._strangers)

    def is_stranger(self, token: str) -> bool:
        """Whether this is none of those, and was no right key of late."""
        return not (token in self._strangers or self._verified.has_seen(token))

    async def principal(self, key: ApiKey, origin: Origin) -> Principal:
        """Raises one of the 401 and 403 errors; each refused use of a known prefix is in the audit log."""
        if self._verified.has_seen(key.full_key):
            return await self._principal(key, origin)
        async with self._turn(key.full_key):
            return await self._principal(key, origin)

    @contextlib.asynccontextmanager
    async def _turn(self, token: str) -> AsyncIterator[None]:
        """In the order of arrival: a crowd of right keys is served, and not sent away."""
        self._strangers[token] += 1
        try:
            await self._wait_for_turn()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._strangers[token] -= 1
            if not self._strangers[token]:
                del self._strangers[token]

    async def _wait_for_turn(self) -> None:
        try:
            async with asyncio.timeout(self._longest_wait):
                await self._turns.acquire()
        except TimeoutError:
            raise too_many_strangers() from None

    async def _principal(self, key: ApiKey, origin: Origin) -> Principal:
        row = await self._rows.find(key.prefix)
        if row is None:
            raise errors.InvalidApiKey
        matches = await self._matches(key, row)
        refusal = _reason_to_refuse(row, origin) if matches else errors.InvalidApiKey()
        if refusal is not None:
            await self._record_refusal(row, key, origin, refusal)
            raise refusal
        return _principal(row, key)

    async def _matches(self, key: ApiKey, row: KeyRow) -> bool:
        if self._verified.knows(key.full_key, row["key_hash"]):
            return True
        if not await self._argon2.verify_key(row["key_hash"], key.full_key):
            return False
        self._verified.remember(key.full_key, row["key_hash"])
        self.renewal.note(row["id"], row["key_hash"], key)
        return True

    async def _record_refusal(self, row: KeyRow, key: ApiKey, origin: Origin, refusal: errors.ApiError) -> None:
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


def too_many_strangers() -> errors.Unavailable:
    """For a key that is no worse than others, but came when the line was full or moved too slowly."""
    return errors.Unavailable("The server is busy verifying API keys; try again.", retry_after=_RETRY_SECONDS)


def _reason_to_refuse(row: KeyRow, origin: Origin) -> errors.ApiError | None:
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


def _principal(row: KeyRow, key: ApiKey) -> Principal:
    return Principal(
        user_id=row["user_id"],
        is_commissioner=row["role"] == "commissioner",
        scopes=frozenset(Scope(scope) for scope in row["scopes"]),
        key_id=row["id"],
        key_prefix=key.prefix,
        repo_ids=frozenset(row["repo_ids"]) if row["repo_ids"] is not None else None,
    )
