"""The storage of counts: in this process, or in a Redis or Valkey that several processes share."""

from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

from limits import RateLimitItem, WindowStats
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tgl_server.limits.memory import BoundedWindows

# A request does not wait longer than this for its count.
TIMEOUT_SECONDS = 1.0
_CONNECTIONS = 32
_PREFIX = "tgl:limits"


class Windows(Protocol):
    """Moving windows, one for each limit and client."""

    async def hit(self, item: RateLimitItem, *who: str) -> bool:
        """Count a hit; False if the window is full."""

    async def get_window_stats(self, item: RateLimitItem, *who: str) -> WindowStats:
        """The time at which the oldest hit leaves the window, and the room in it."""


def is_shared(url: str) -> bool:
    """True for a storage in which several processes count together."""
    return not url.startswith("memory")


def open_windows(url: str) -> tuple[Callable[[str], Windows], BlockingConnectionPool | None]:
    """The windows of each limit in `RATE_LIMIT_STORAGE`, with the pool to close at the end; it connects later.

    In memory each limit has its own, so that clients of one, who may be anybody, push out none of another.
    """
    if not is_shared(url):
        return defaultdict[str, Windows](BoundedWindows).__getitem__, None
    pool = BlockingConnectionPool.from_url(
        _redis_url(url),
        max_connections=_CONNECTIONS,
        timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        # One retry, at once: a Redis that restarted has left dead connections in the pool.
        retry=Retry(NoBackoff(), 1),
    )
    storage = RedisStorage(
        "async+redis://",  # the pool knows the address
        implementation="redispy",
        key_prefix=_PREFIX,
        connection_pool=pool,  # type: ignore[arg-type] # documented by limits 5.8, and typed as text
    )
    windows = MovingWindowRateLimiter(storage)
    return lambda _: windows, pool


def _redis_url(url: str) -> str:
    """The URL as the Redis client wants it: Valkey speaks the same protocol, and `redis+unix` is `unix`."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.replace("valkey", "redis")
    return f"{'unix' if scheme == 'redis+unix' else scheme}://{rest}"
