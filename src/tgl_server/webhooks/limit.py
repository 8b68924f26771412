"""The limit of refused deliveries of one address, each of which is a row in the audit log.

Only what is refused counts, and only that is refused for it: one forge sends for many repositories from few addresses,
and a webhook whose secret is wrong must not stop the others.
"""

from typing import Final

from limits import RateLimitItemPerMinute

from tgl_server.http.client_address import network_of
from tgl_server.limits.limiter import RateLimiter
from tgl_server.limits.middleware import refusal

REFUSALS_PER_MINUTE: Final = 30

_LIMIT = "webhook_refusals"


class RefusalLimit:
    """Counts refusals by the network that they come from."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter
        self._item = RateLimitItemPerMinute(REFUSALS_PER_MINUTE)

    async def count(self, ip: str | None) -> None:
        """Count a refusal; raises a 429 error in its place if there were too many."""
        standing = await self._limiter.hit(self._item, _LIMIT, network_of(ip))
        if standing is not None and standing.is_refused:
            raise refusal(_LIMIT, standing)
