"""The limit of logins for one account, from wherever they come.

A plain limit per account would be a weapon: whoever sends ten wrong passwords a minute locks the owner out. So a
network from which the account logged in during the last weeks has a limit of its own, and only strangers share one.
"""

import hashlib

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute

from tgl_server.limits.limiter import RateLimiter
from tgl_server.limits.middleware import refusal
from tgl_server.origin import network_of
from tgl_server.settings import Settings

#: How long a network is known after a login from it.
KNOWN_DAYS = 30

_STRANGERS = "strangers"
# One hit marks a network as known: while it lasts, there is no second one.
_KNOWN: RateLimitItem = RateLimitItemPerDay(1, KNOWN_DAYS)


class LoginLimit:
    """Call `admit` before the password is looked at, `succeeded` after it was right."""

    def __init__(self, limiter: RateLimiter, settings: Settings) -> None:
        self._limiter = limiter
        self._item = RateLimitItemPerMinute(settings.login_requests_per_minute)

    async def admit(self, email: str, ip: str | None) -> None:
        """Count an attempt, for an account that exists or not; raises 429.

        Counted before it is known to be wrong: a thousand attempts at once must not all pass a look at the count.
        """
        account, network = _account(email), network_of(ip)
        is_stranger = await self._limiter.is_free(_KNOWN, "known", account, network)
        standing = await self._limiter.hit(self._item, "account", account, _STRANGERS if is_stranger else network)
        if standing is not None and standing.is_refused:
            raise refusal("account", standing)

    async def succeeded(self, email: str, ip: str | None) -> None:
        """From now on strangers do not use up this network's attempts."""
        await self._limiter.hit(_KNOWN, "known", _account(email), network_of(ip))


def _account(email: str) -> str:
    """Short, and no personal data in a shared Redis."""
    return hashlib.blake2b(email.strip().lower().encode(errors="replace"), digest_size=16).hexdigest()
