"""HTTP proxies: what they get to see, which one is used, and what is said of one that does not work."""

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest

from tests.support.faulty import KEY
from tgl_client import errors
from tgl_client.client import Client
from tgl_client.http import proxy as http_proxy
from tgl_client.http.address import parse_server_url
from tgl_client.http.proxy import proxy_for
from tgl_client.http.retry import RetryPolicy

QUICK = RetryPolicy(max_retries=2, max_waiting=2.0, scale=0.001)
SERVER = "https://league.example.com"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Proxy:
    """A real listener that keeps the head of each request, answers as told, and hangs up."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.answer = b"HTTP/1.1 200 OK\r\n\r\n"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture(autouse=True)
def no_proxy_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        proxy.port = server.sockets[0].getsockname()[1]
        yield proxy


async def fail(url: str = SERVER) -> errors.UnreachableError:
    """What asking the server ends with."""
    with pytest.raises(errors.UnreachableError) as caught:
        async with Client(url, KEY, retries=QUICK, read_timeout=5) as client:
            await client.api.capabilities()
    return caught.value


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY", "https_proxy"])
async def test_the_key_never_reaches_the_proxy_and_the_proxy_gets_its_own_password(
    variable: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"http://ada:p%40ss@127.0.0.1:{proxy.port}")
    await fail()
    assert proxy.heads
    for head in proxy.heads:
        assert head.startswith("CONNECT league.example.com:443 HTTP/1.1\r\n")
        assert "tgl_" not in head
        assert f"Proxy-Authorization: Basic {base64.b64encode(b'ada:p@ss').decode()}\r\n" in head


async def test_a_proxy_without_a_password_is_told_nothing(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
    await fail()
    assert "Authorization" not in "".join(proxy.heads)


@pytest.mark.parametrize(
    ("answer", "said", "tries"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wants a user and a password", 1),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "makes no connection: HTTP 403 Forbidden", 1),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "makes no connection: HTTP 502 Bad Gateway", 3),
    ],
)
async def test_a_proxy_that_refuses_is_named_and_not_the_server(
    answer: bytes, said: str, tries: int, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.answer = answer
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    error = await fail()
    assert f"the proxy 127.0.0.1:{proxy.port} {said}" in str(error)
    assert "league.example.com" not in str(error)
    assert "HTTPS_PROXY" in (error.hint or "")
    assert len(proxy.heads) == tries


async def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:secret@127.0.0.1:1")
    error = await fail()
    assert str(error) == "no connection to the proxy 127.0.0.1:1: Connection refused"
    assert error.exit_code == 4


@pytest.mark.parametrize("text", ["socks5://127.0.0.1:1080", "http://", "ftp://proxy.example", "http://[::1"])
def test_what_is_no_http_proxy_is_a_setting_that_is_wrong(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", text)
    with pytest.raises(errors.ConfigError, match="is unsupported"):
        proxy_for(parse_server_url(SERVER))


def _name(proxy: http_proxy.Proxy | None) -> str | None:
    return proxy.name if proxy else None


def test_which_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    server = parse_server_url(SERVER)
    assert proxy_for(server) is None
    monkeypatch.setenv("ALL_PROXY", "http://all.example:3128")
    assert _name(proxy_for(server)) == "all.example:3128"
    monkeypatch.setenv("HTTPS_PROXY", "http://https.example:3128")
    assert _name(proxy_for(server)) == "https.example:3128"
    assert proxy_for(parse_server_url("http://127.0.0.1:8000")) is None
    monkeypatch.setenv("NO_PROXY", "elsewhere.example,.example.com")
    assert proxy_for(server) is None


async def test_a_direct_connection_that_fails_is_told_in_plain_words() -> None:
    error = await fail("https://127.0.0.1:1")
    assert str(error) == "no connection to 127.0.0.1:1: Connection refused"
