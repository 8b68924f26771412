"""Whether the broker answers; needs no extra."""

import asyncio
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

_SECONDS: Final = 1.0


async def broker_answers(url: str) -> bool | None:
    """Whether the broker at an address answers within a second; None without an address."""
    if not url:
        return None
    scheme, _, rest = url.partition("://")
    scheme = {"redis+unix": "unix", "valkey+unix": "unix"}.get(scheme, scheme.replace("valkey", "redis"))
    client = Redis.from_url(
        f"{scheme}://{rest}", socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=Retry(NoBackoff(), 0)
    )
    try:
        async with asyncio.timeout(2 * _SECONDS):
            return bool(await client.ping())
    except (RedisError, OSError):  # a TimeoutError is an OSError
        return False
    finally:
        await client.aclose()
