"""Rate limits as a client meets them."""

import asyncio
import itertools

import pytest
from litestar.routes import HTTPRoute

from tests.support.api import Answer, Api
from tests.support.servers import API_LIMIT, LOGIN_LIMIT, SYNC_LIMIT, RunningServer, new_client
from tests.support.world import World
from tgl_protocol.keys import generate_api_key
from tgl_server.app import create_app
from tgl_server.limits.groups import RateGroup, group_of
from tgl_server.settings import Settings

WRONG_LOGIN = {"email": "nobody@example.com", "password": "wrong and long enough"}


async def _statuses(api: Api, path: str, client: dict[str, str], times: int) -> list[int]:
    return [(await api.get(path, headers=client)).status for _ in range(times)]


def _window(answer: Answer) -> tuple[int, int, int]:
    names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    limit, remaining, reset = (int(answer.headers[name]) for name in names)
    return limit, remaining, reset


async def test_each_answer_says_where_the_client_stands(limited: Api, world: World) -> None:
    client = new_client()
    answers = [await limited.get(f"{world.sync_path}/status", headers=client) for _ in range(SYNC_LIMIT)]
    assert [answer.status for answer in answers] == [200] * SYNC_LIMIT
    assert [_window(answer)[:2] for answer in answers] == [(SYNC_LIMIT, SYNC_LIMIT - 1 - n) for n in range(SYNC_LIMIT)]
    assert all(1 <= _window(answer)[2] <= 60 for answer in answers)


async def test_one_too_many_is_told_when_to_come_back(limited: Api, world: World) -> None:
    client = new_client()
    await _statuses(limited, f"{world.sync_path}/status", client, SYNC_LIMIT)
    answer = await limited.get(f"{world.sync_path}/status", headers=client)
    assert answer.status == 429
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["code"] == "rate_limited"
    limit, remaining, reset = _window(answer)
    assert (limit, remaining) == (SYNC_LIMIT, 0)
    assert int(answer.headers["Retry-After"]) == reset


async def test_paths_of_one_group_share_their_limit(limited: Api, world: World) -> None:
    client = new_client()
    by_name = await _statuses(limited, f"{world.sync_path}/status", client, SYNC_LIMIT - 1)
    by_id = f"/api/v1/sync/projects/{world.project_id}/repos/{world.repo_id}"
    assert by_name + await _statuses(limited, f"{by_id}/runs", client, 2) == [200] * SYNC_LIMIT + [429]


async def test_groups_and_clients_are_counted_apart(limited: Api, world: World) -> None:
    client = new_client()
    await _statuses(limited, f"{world.sync_path}/status", client, SYNC_LIMIT + 1)
    assert await _statuses(limited, "/api/v1/capabilities", client, API_LIMIT + 1) == [200] * API_LIMIT + [429]
    assert await _statuses(limited, f"{world.sync_path}/status", new_client(), 1) == [200]


async def test_the_limit_comes_before_authentication(guarded: RunningServer, world: World) -> None:
    """Wrong keys use up the client's requests, and then nobody looks at its key any more, not even a right one."""
    client = new_client()
    async with Api(guarded.url, generate_api_key().full_key) as stranger:
        refused = await _statuses(stranger, f"{world.sync_path}/status", client, SYNC_LIMIT + 1)
    assert refused == [401] * SYNC_LIMIT + [429]
    async with Api(guarded.url, world.key) as owner:
        assert await _statuses(owner, f"{world.sync_path}/status", client, 1) == [429]


async def test_requests_at_once_do_not_slip_through(limited: Api, world: World) -> None:
    client = new_client()
    asked = [limited.get(f"{world.sync_path}/status", headers=client) for _ in range(4 * SYNC_LIMIT)]
    statuses = sorted(answer.status for answer in await asyncio.gather(*asked))
    assert statuses == [200] * SYNC_LIMIT + [429] * (3 * SYNC_LIMIT)


async def test_an_ipv6_client_is_its_network(limited: Api, world: World) -> None:
    path = f"{world.sync_path}/status"
    clients = [{"X-Forwarded-For": f"2001:db8:0:1::{n:x}"} for n in range(SYNC_LIMIT)]
    assert [(await limited.get(path, headers=client)).status for client in clients] == [200] * SYNC_LIMIT
    assert await _statuses(limited, path, {"X-Forwarded-For": "2001:db8:0:1:ffff::1"}, 1) == [429]
    assert await _statuses(limited, path, {"X-Forwarded-For": "2001:db8:0:2::1"}, 1) == [200]


async def test_what_the_client_puts_into_the_header_itself_counts_for_nothing(limited: Api, world: World) -> None:
    """The proxy appends the address that it saw; everything before it is the client's invention."""
    path, seen = f"{world.sync_path}/status", new_client()["X-Forwarded-For"]
    spoofed = [{"X-Forwarded-For": f"203.0.113.{n}, {seen}, 10.1.2.3"} for n in range(SYNC_LIMIT + 1)]
    statuses = [(await limited.get(path, headers=headers)).status for headers in spoofed]
    assert statuses == [200] * SYNC_LIMIT + [429]


async def test_logins_have_a_low_limit_of_their_own(limited: Api) -> None:
    client = new_client()
    answers = [await limited.post("/api/v1/auth/login", WRONG_LOGIN, headers=client) for _ in range(LOGIN_LIMIT + 1)]
    assert [answer.status for answer in answers][-1] == 429
    assert 429 not in [answer.status for answer in answers][:-1]


async def test_one_account_is_not_tried_from_many_addresses(limited: Api) -> None:
    login = {**WRONG_LOGIN, "email": "tried@example.com"}
    tries = [await limited.post("/api/v1/auth/login", login, headers=new_client()) for _ in range(LOGIN_LIMIT + 1)]
    assert [answer.status for answer in tries] == [401] * LOGIN_LIMIT + [429]
    other = {**WRONG_LOGIN, "email": "other@example.com"}
    assert (await limited.post("/api/v1/auth/login", other, headers=new_client())).status == 401


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/health", 405)])
async def test_what_no_route_takes_is_counted_too(limited: Api, method: str, path: str, status: int) -> None:
    client = new_client()
    statuses = [(await limited.request(method, path, headers=client)).status for _ in range(API_LIMIT + 1)]
    assert statuses == [status] * API_LIMIT + [429]
    last = await limited.request(method, path, headers=client)
    assert (last.json["code"], last.headers["RateLimit-Remaining"]) == ("rate_limited", "0")
    assert int(last.headers["Retry-After"]) > 0


async def test_a_large_head_is_refused_where_no_route_takes_it(limited: Api) -> None:
    answer = await limited.get("/nowhere", headers={**new_client(), "X-Filler": "a" * 40_000})
    assert (answer.status, answer.json["code"]) == (431, "headers_too_large")


async def test_who_watches_the_service_is_never_refused(limited: Api) -> None:
    client = new_client()
    assert set(await _statuses(limited, "/health", client, 3 * API_LIMIT)) == {200}
    assert set(await _statuses(limited, "/ready", client, 3 * API_LIMIT)) == {200}


async def test_capabilities_tell_the_limit(limited: Api) -> None:
    answer = await limited.get("/api/v1/capabilities", headers=new_client())
    assert answer.json["limits"]["sync_requests_per_minute"] == SYNC_LIMIT


async def test_without_trusted_proxies_the_header_is_nothing(api: Api, world: World) -> None:
    left = []
    for number in range(20):  # meanwhile requests of other tests, of a minute ago, may cease to count
        answer = await api.get(f"{world.sync_path}/status", headers={"X-Forwarded-For": f"203.0.113.{number}"})
        left.append(_window(answer)[1])
    assert any(later < earlier for earlier, later in itertools.pairwise(left))


# Litestar 2 warns of what Litestar 3 will want otherwise.
BUILDS_THE_APP = pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")


@BUILDS_THE_APP
@pytest.mark.parametrize("name", ["login", "register", "refresh"])
def test_whoever_may_guess_a_secret_is_in_the_strict_group(name: str) -> None:
    assert _groups()[f"/api/v1/auth/{name}"] is RateGroup.LOGIN


@BUILDS_THE_APP
def test_all_sync_routes_are_in_the_sync_group() -> None:
    found = {group for path, group in _groups().items() if path.startswith("/api/v1/sync/")}
    assert found == {RateGroup.SYNC}


def _groups() -> dict[str, object]:
    app = create_app(Settings(database_url="postgresql://nowhere/none", secret_key="x" * 40))
    return {
        route.path: group_of(handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "OPTIONS" not in handler.http_methods
    }


async def test_a_flood_from_one_address_is_refused_by_its_limit(guarded: RunningServer, world: World) -> None:
    client = new_client()
    async with Api(guarded.url, "tgl_" + "x" * 60) as stranger:
        asked = [stranger.get(f"{world.sync_path}/status", headers=client) for _ in range(500)]
        statuses = [answer.status for answer in await asyncio.gather(*asked)]
    assert (statuses.count(401), statuses.count(429)) == (SYNC_LIMIT, 500 - SYNC_LIMIT)
