"""The limit of logins for one account, from any number of addresses.

A plain limit per account would be a weapon: ten wrong passwords a minute would lock the owner out. So a network from
which the account has logged in during the last weeks has a limit of its own, and only unknown networks share one.
"""

import hashlib
import secrets

from limits import RateLimitItemPerMinute

from tgl_server.http.client_address import network_of
from tgl_server.limits.limiter import RateLimiter
from tgl_server.limits.memory import MAX_CLIENTS
from tgl_server.limits.middleware import refusal
from tgl_server.settings import Settings

#: The number of counts that all accounts share, existing or not: so few that a storage in memory forgets none of them,
#: however many addresses are invented to make it forget one.
COUNTS = 8192
assert COUNTS < MAX_CLIENTS

_ACCOUNT = "account"
_KNOWN = "known_network"


class LoginLimit:
    """The limit of logins: call `admit` before the password is verified."""

    def __init__(self, limiter: RateLimiter, settings: Settings) -> None:
        self._limiter = limiter
        self._item = RateLimitItemPerMinute(settings.login_requests_per_minute)
        self._key = hashlib.sha256(settings.secret_key.encode() or secrets.token_bytes(32)).digest()

    async def admit(self, email: str, ip: str | None, *, is_known: bool) -> None:
        """Count an attempt, whether or not the account exists; raises a 429 error.

        `is_known` says that the account has logged in from this network. An attempt counts before it is known to be
        wrong: otherwise a thousand attempts at once would all find the count low.
        """
        who = (_KNOWN, self._count_of(email), network_of(ip)) if is_known else (_ACCOUNT, self._count_of(email))
        standing = await self._limiter.hit(self._item, *who)
        if standing is not None and standing.is_refused:
            raise refusal(_ACCOUNT, standing)

    def _count_of(self, email: str) -> str:
        """The number of the account's count: without personal data, as the storage may be a shared Redis.

        Keyed, so that nobody can look for an address that shares the count of another.
        """
        text = email.strip().lower().encode(errors="replace")
        return str(int.from_bytes(hashlib.blake2b(text, key=self._key, digest_size=8).digest()) % COUNTS)
