"""nginx and Caddy of Debian before a real server, with the configuration of `deploy/`."""

import asyncio
import http.client
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest

from tests.support.command import tgl
from tests.support.commits import NDJSON, lines_of, numbered
from tests.support.database import until_query
from tests.support.hashing import quick_argon2
from tests.support.people import PASSWORD
from tests.support.proxies import PROXIES, Proxy, connection_to
from tests.support.servers import RunningServer, running_server
from tests.support.visitor import FORM, SAME_SITE
from tests.support.world import World
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.auth.passwords import hash_password
from tgl_server.db.engine import Database

MB = 1024 * 1024


@pytest.fixture(scope="module")
def behind(migrated_url: str) -> Iterator[RunningServer]:
    """A server that knows that a proxy is on this machine."""
    with running_server(
        database_url=migrated_url,
        trusted_proxies="127.0.0.1",
        public_url="https://localhost",
        log_format="json",
        max_body_bytes=32 * MB,
    ) as server:
        yield server


@pytest.fixture(scope="module", params=PROXIES)
def proxy(behind: RunningServer, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    with PROXIES[request.param](urlsplit(behind.url).port or 0) as proxy:
        yield proxy


def asked(
    proxy: Proxy,
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    of: str = "127.0.0.2",
    headers: dict[str, str] | None = None,
) -> int:
    """The status of the answer to a client at this address of the loopback network."""
    with closing(connection_to(proxy, of)) as connection:
        connection.request(method, path, body, headers or {})
        return connection.getresponse().status


async def test_the_client_s_address_is_the_client_s_whatever_it_says(proxy: Proxy, behind: RunningServer) -> None:
    said = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    assert asked(proxy, "GET", "/api/v1/capabilities", of="127.0.0.7", headers=said) == 200
    await behind.logged('"client":"127.0.0.7"')
    assert "203.0.113.9" not in behind.log()


def test_plain_http_is_sent_to_https_and_metrics_to_nobody(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("localhost", urlsplit(proxy.plain_url).port, timeout=60)
    with closing(connection):
        connection.request("GET", "/sign-in", headers={"Host": "localhost"})
        answer = connection.getresponse()
        assert answer.status in (301, 308)
        assert (answer.headers["Location"] or "").startswith("https://localhost")
    assert asked(proxy, "GET", "/metrics") == 404


@pytest.mark.parametrize(("size", "status"), [(20 * MB, 422), (36 * MB, 413), (50 * MB, 413)])
def test_bodies_are_as_large_as_the_server_takes_them(proxy: Proxy, world: World, size: int, status: int) -> None:
    """At 36 MB the server refuses, above 40 MB the proxy does, before the server sees it all."""
    body = b'{"commits": "' + b"x" * size + b'"}'
    headers = {"Authorization": f"Bearer {world.key}", "Content-Type": "application/json"}
    try:
        answered = asked(proxy, "POST", f"{world.sync_path}/commits", body, headers=headers)
    except OSError:
        assert status == 413  # it closed the connection while we still sent
    else:
        assert answered == status


async def test_a_stream_is_stored_while_it_is_sent(proxy: Proxy, world: World, database: Database) -> None:
    may_end = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield lines_of(numbered(2000))
        await may_end.wait()
        yield lines_of(numbered(10, 5000))

    async def send() -> int:
        headers = {"Authorization": f"Bearer {world.key}", **NDJSON}
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session,
            session.post(
                f"{proxy.url}{world.sync_path}/commits/stream", data=body(), headers=headers, ssl=proxy.trusting
            ) as answer,
        ):
            return answer.status

    sending = asyncio.create_task(send())
    await until_query(database, "SELECT count(*) >= 1000 FROM commits")
    may_end.set()
    assert await sending == 201


async def test_a_live_page_is_told_at_once(proxy: Proxy, world: World, database: Database) -> None:
    with quick_argon2() as argon2:
        hashed = await hash_password(argon2, PASSWORD)
    async with database.transaction() as tx:
        await create_user(tx, "eve@example.com", role=Role.COMMISSIONER, password_hash=hashed)
    assert await asyncio.to_thread(first_line_of_the_live_page, proxy, "eve@example.com") == b"retry: 3000\n"


def first_line_of_the_live_page(proxy: Proxy, email: str) -> bytes:
    """Signs in, and reads the line as it comes: the page never ends."""
    form = urlencode({"email": email, "password": PASSWORD})
    with closing(connection_to(proxy)) as connection:
        connection.request("POST", "/sign-in", form, {**FORM, **SAME_SITE})
        signed_in = connection.getresponse()
        signed_in.read()
        assert signed_in.status == 303
        cookies = [each.partition(";")[0] for each in signed_in.headers.get_all("Set-Cookie", [])]
        connection.request("GET", "/live", headers={"Cookie": "; ".join(cookies)})
        answer = connection.getresponse()
        with closing(answer):
            return answer.readline()


def test_the_client_pushes_through_it(
    proxy: Proxy, world: World, repository: Path, tgl_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.authority))
    done = tgl("push", "--json", cwd=repository, **world.environment(proxy.url))
    assert done.json["repositories"][0]["sent"] == 3, done.err
