"""Authentication by an API key: prefix lookup, Argon2id once, then a short-lived cache of the verification."""

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network

from tgl_protocol.keys import ApiKey
from tgl_server import errors
from tgl_server.audit.actions import AuditOutcome
from tgl_server.audit.service import AuditEntry, record
from tgl_server.auth.actions import AuthAction
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.keys.lookup import KeyRow, KeyRows
from tgl_server.auth.keys.rehash import KeyHashRenewal
from tgl_server.auth.keys.usage import UsageCounter
from tgl_server.auth.principal import Principal, Scope
from tgl_server.db.engine import Database
from tgl_server.http.client_address import Origin
from tgl_server.logs.outages import Outage

#: The number of unverified keys that are looked up at a time: they share a statement, and the event loop gets no more
#: of them between two requests of others. The rest wait in a queue.
UNVERIFIED_AT_ONCE = 32

_MAX_REMEMBERED = 10_000
# Several times what a full queue takes on an idle machine; our client waits a minute for an answer.
_LONGEST_WAIT_SECONDS = 45.0
_RETRY_SECONDS = 5
_USAGE_SECONDS = 5.0


class VerifiedKeys:
    """A cache that remembers, for a short time after each use, that a token matched a row's hash.

    It keeps a keyed hash of the token, with a key of this process only; an entry is void once the row has another hash.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._key = secrets.token_bytes(32)
        self._found: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def has_seen(self, token: str) -> bool:
        """True for a token that was recently verified, against whatever its row was then."""
        return self._found.get(self._digest(token), ("", 0.0))[1] > time.monotonic()

    def knows(self, token: str, key_hash: str) -> bool:
        """True for a token recently verified against this hash, which renews the entry: a key in use stays verified."""
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
    """Verifies API keys; a key's row is read on every call, even if the cache knows the key."""

    def __init__(
        self,
        database: Database,
        argon2: Argon2,
        remember_seconds: float,
        usage_seconds: float = _USAGE_SECONDS,
        longest_wait: float = _LONGEST_WAIT_SECONDS,
    ) -> None:
        self._database = database
        self._argon2 = argon2
        self._rows = KeyRows(database)
        self._verified = VerifiedKeys(remember_seconds)
        #: Background tasks, which the application runs beside the requests.
        self.renewal = KeyHashRenewal(database, argon2, self._verified.remember)
        self.usage = UsageCounter(database, usage_seconds)
        self._unverified: Counter[str] = Counter()
        self._turns = asyncio.Semaphore(UNVERIFIED_AT_ONCE)
        self._longest_wait = longest_wait
        self._full = Outage("api_key_queue_full")

    @property
    def unverified(self) -> int:
        """The number of unverified keys that are being looked up or queued."""
        return len(self._unverified)

    def is_unverified(self, token: str) -> bool:
        """True for a key that is neither queued nor recently verified."""
        return not (token in self._unverified or self._verified.has_seen(token))

    async def principal(self, key: ApiKey, origin: Origin) -> Principal:
        """The principal of a key; raises a 401 or 403 error, and records each refusal of a known prefix."""
        if self._verified.has_seen(key.full_key):
            return await self._principal(key, origin)
        async with self._turn(key.full_key):
            return await self._principal(key, origin)

    @contextlib.asynccontextmanager
    async def _turn(self, token: str) -> AsyncIterator[None]:
        """A turn in the queue of unverified keys, in the order of arrival; raises `Unavailable` after a long wait."""
        self._unverified[token] += 1
        try:
            await self._wait_for_turn()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._unverified[token] -= 1
            if not self._unverified[token]:
                del self._unverified[token]

    async def _wait_for_turn(self) -> None:
        try:
            async with asyncio.timeout(self._longest_wait):
                await self._turns.acquire()
        except TimeoutError:
            raise self.too_many() from None

    def too_many(self) -> errors.Unavailable:
        """The refusal of an unverified key, right or wrong, when the queue is full or too slow."""
        self._full.note(consequence="answered 503")
        return errors.Unavailable("The server is busy verifying API keys; try again.", retry_after=_RETRY_SECONDS)

    async def _principal(self, key: ApiKey, origin: Origin) -> Principal:
        row = await self._rows.find(key.prefix)
        if row is None:
            raise errors.InvalidApiKey
        matches = await self._matches(key, row)
        refusal = _reason_to_refuse(row, origin) if matches else errors.InvalidApiKey()
        if refusal is not None:
            if matches:
                self.usage.count_refused(row["id"])
            await self._record_refusal(row, key, origin, refusal)
            raise refusal
        self.usage.count(row["id"], origin)
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
            action=AuthAction.API_KEY_REFUSED,
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


def _reason_to_refuse(row: KeyRow, origin: Origin) -> errors.ApiError | None:
    """The refusal of a key by its state. Ask it only with the whole key: the prefix alone must not reveal the state."""
    if row["is_revoked"]:
        return errors.RevokedApiKey()
    if row["has_expired"]:
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
