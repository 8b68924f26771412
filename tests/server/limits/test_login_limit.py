"""Guessing one account's password, and its owner who logs in meanwhile."""

from collections.abc import AsyncIterator

import pytest

from tgl_server.errors import RateLimited
from tgl_server.limits.accounts import LoginLimit
from tgl_server.limits.limiter import RateLimiter
from tgl_server.settings import Settings

EMAIL = "owner@example.com"
HOME = "2001:db8:0:1::5"


@pytest.fixture
async def limit() -> AsyncIterator[LoginLimit]:
    limiter = RateLimiter("memory://")
    yield LoginLimit(limiter, Settings(login_requests_per_minute=3))
    await limiter.close()


async def _guess_from_many_addresses(limit: LoginLimit) -> None:
    for n in range(3):
        await limit.admit(EMAIL, f"192.0.2.{n}")


async def test_strangers_share_one_limit(limit: LoginLimit) -> None:
    await _guess_from_many_addresses(limit)
    with pytest.raises(RateLimited) as refused:
        await limit.admit(EMAIL, "198.51.100.7")
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60


async def test_the_owner_gets_in_from_where_they_logged_in_before(limit: LoginLimit) -> None:
    await limit.admit(EMAIL, HOME)
    await limit.succeeded(EMAIL, HOME)
    for n in range(2):
        await limit.admit(EMAIL, f"192.0.2.{n}")
    with pytest.raises(RateLimited):
        await limit.admit(EMAIL, "192.0.2.9")
    await limit.admit(EMAIL, "2001:db8:0:1::ffff")  # the same network, another address


async def test_a_known_network_may_not_guess_without_end_either(limit: LoginLimit) -> None:
    await limit.succeeded(EMAIL, HOME)
    for _ in range(3):
        await limit.admit(EMAIL, HOME)
    with pytest.raises(RateLimited):
        await limit.admit(EMAIL, HOME)


async def test_spellings_of_one_address_are_one_account(limit: LoginLimit) -> None:
    await _guess_from_many_addresses(limit)
    with pytest.raises(RateLimited):
        await limit.admit(" OWNER@Example.COM", "192.0.2.77")
    await limit.admit("somebody-else@example.com", "192.0.2.77")
