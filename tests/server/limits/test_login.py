"""Guessing one account's password, and its owner who logs in meanwhile."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.api import Api
from tests.support.database import execute
from tests.support.people import PASSWORD, People
from tests.support.servers import LOGIN_LIMIT, RunningServer, new_client
from tgl_server.db.engine import Database
from tgl_server.errors import RateLimited
from tgl_server.limits.groups import RateGroup, group_limits
from tgl_server.limits.limiter import RateLimiter
from tgl_server.limits.login import COUNTS, LoginLimit
from tgl_server.limits.memory import MAX_CLIENTS
from tgl_server.settings import Settings

EMAIL = "owner@example.com"
HOME = "2001:db8:0:1::5"
SETTINGS = Settings(login_requests_per_minute=3, secret_key="always the same counts")
MORE_THAN_ARE_KEPT = MAX_CLIENTS + 50


@pytest.fixture
async def limiter() -> AsyncIterator[RateLimiter]:
    limiter = RateLimiter("memory://")
    yield limiter
    await limiter.close()


@pytest.fixture
def limit(limiter: RateLimiter) -> LoginLimit:
    return LoginLimit(limiter, SETTINGS)


async def _guess(limit: LoginLimit, email: str = EMAIL, times: int = 3) -> None:
    """From that many addresses of unknown networks."""
    for n in range(times):
        await limit.admit(email, f"192.0.2.{n}", is_known=False)


async def test_unknown_networks_share_one_limit(limit: LoginLimit) -> None:
    await _guess(limit)
    with pytest.raises(RateLimited) as refused:
        await limit.admit(EMAIL, "198.51.100.7", is_known=False)
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60


async def test_a_known_network_has_a_limit_of_its_own(limit: LoginLimit) -> None:
    await _guess(limit)
    for _ in range(3):
        await limit.admit(EMAIL, HOME, is_known=True)
    with pytest.raises(RateLimited):
        await limit.admit(EMAIL, "2001:db8:0:1::ffff", is_known=True)  # the same network, another address
    await limit.admit(EMAIL, "203.0.113.1", is_known=True)


async def test_spellings_of_one_address_are_one_account(limit: LoginLimit) -> None:
    await _guess(limit)
    with pytest.raises(RateLimited):
        await limit.admit(" OWNER@Example.COM", "192.0.2.77", is_known=False)
    await limit.admit("somebody-else@example.com", "192.0.2.77", is_known=False)


async def test_requests_from_many_networks_make_nobody_forget_the_attempts(
    limiter: RateLimiter, limit: LoginLimit
) -> None:
    await _guess(limit)
    for n in range(MORE_THAN_ARE_KEPT):
        await limiter.hit(group_limits(SETTINGS)[RateGroup.API], RateGroup.API, f"2001:db8:0:{n:x}::/64")
    with pytest.raises(RateLimited):
        await limit.admit(EMAIL, "198.51.100.7", is_known=False)


async def test_attempts_for_invented_accounts_make_nobody_forget_the_attempts(limit: LoginLimit) -> None:
    await _guess(limit)
    for n in range(MORE_THAN_ARE_KEPT):
        try:
            await limit.admit(f"invented-{n}@example.com", None, is_known=False)
        except RateLimited:
            continue  # as many share one of the counts
    with pytest.raises(RateLimited):
        await limit.admit(EMAIL, "198.51.100.7", is_known=False)


async def test_accounts_share_a_fixed_number_of_counts(limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a storage of any kind holds no more of them, whatever is invented."""
    seen: set[tuple[str, ...]] = set()

    async def note(_: object, *who: str) -> None:
        seen.add(who)

    monkeypatch.setattr(limiter, "hit", note)
    limit = LoginLimit(limiter, SETTINGS)
    for n in range(2 * COUNTS):
        await limit.admit(f"invented-{n}@example.com", None, is_known=False)
    assert COUNTS / 2 < len(seen) <= COUNTS


async def _log_in(api: Api, client: dict[str, str], password: str = PASSWORD, email: str = "ada@example.com") -> int:
    answer = await api.post("/api/v1/auth/login", {"email": email, "password": password}, headers=client)
    return answer.status


async def test_the_owner_gets_in_from_where_they_logged_in_before(
    people: People, guarded: RunningServer, start_server: Callable[..., RunningServer], database: Database
) -> None:
    """Also when every count is gone, as after a restart; and no longer after 30 days."""
    await people.make("ada")
    home, rate = new_client(), {"login_requests_per_minute": LOGIN_LIMIT, "trusted_proxies": "127.0.0.1"}
    async with Api(guarded.url) as api:
        assert await _log_in(api, home) == 200
    async with Api(start_server(**rate).url) as api:
        guesses = [await _log_in(api, new_client(), "not the password") for _ in range(LOGIN_LIMIT + 1)]
        assert guesses == [401] * LOGIN_LIMIT + [429]
        assert await _log_in(api, new_client()) == 429
        assert await _log_in(api, home) == 200
        await execute(database, "UPDATE auth_sessions SET created_at = now() - interval '31 days'")
        assert await _log_in(api, home) == 429


async def test_a_network_is_known_to_the_account_that_logged_in_from_it_and_to_no_other(
    people: People, guarded: RunningServer
) -> None:
    for name in ("ada", "bob"):
        await people.make(name)
    office = new_client()
    async with Api(guarded.url) as api:
        assert await _log_in(api, office) == 200
        for _ in range(LOGIN_LIMIT):
            await _log_in(api, new_client(), "not the password", "bob@example.com")
        assert await _log_in(api, office, email="bob@example.com") == 429
