"""Where hits are counted: in this process, or in a Redis or Valkey that several processes share."""

from typing import Protocol

from limits import RateLimitItem, WindowStats
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tgl_server.limits.memory import BoundedWindows

# A counter that answers later than this is no help to the request that waits for it.
TIMEOUT_SECONDS = 1.0
_CONNECTIONS = 32
_PREFIX = "tgl:limits"


class Windows(Protocol):
    """Moving windows, one for each limit and client."""

    async def hit(self, item: RateLimitItem, *who: str) -> bool:
        """Count a hit, unless the window is full."""

    async def test(self, item: RateLimitItem, *who: str) -> bool:
        """Whether a hit would be counted."""

    async def get_window_stats(self, item: RateLimitItem, *who: str) -> WindowStats:
        """When the oldest hit leaves the window, and how many it has room for."""


def is_shared(url: str) -> bool:
    """Whether several processes count together there."""
    return not url.startswith("memory")


def open_windows(url: str) -> tuple[Windows, BlockingConnectionPool | None]:
    """The windows in `RATE_LIMIT_STORAGE`, and the pool to close with them; nothing is connected yet."""
    if not is_shared(url):
        return BoundedWindows(), None
    pool = BlockingConnectionPool.from_url(
        _redis_url(url),
        max_connections=_CONNECTIONS,
        timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        # Once more, at once: a Redis that restarted has left dead connections in the pool.
        retry=Retry(NoBackoff(), 1),
    )
    storage = RedisStorage(
        "async+redis://",  # the pool knows the address
        implementation="redispy",
        key_prefix=_PREFIX,
        connection_pool=pool,  # type: ignore[arg-type] # documented by limits 5.8, and typed as text
    )
    return MovingWindowRateLimiter(storage), pool


def _redis_url(url: str) -> str:
    """Valkey speaks Redis's protocol; `redis+unix` is `unix` to the client."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.replace("valkey", "redis")
    return f"{'unix' if scheme == 'redis+unix' else scheme}://{rest}"
