"""What a client has already is not sent again, and what is long is compressed, but for what could betray a secret."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
import zstandard

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered
from tests.support.documented import DOCUMENT
from tests.support.people import PASSWORD, Person
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.http.answer_bodies import MAX_BYTES, MIN_BYTES, chosen_encoding, has_tag

BOTH = {"Accept-Encoding": "gzip, zstd"}
EXPAND: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "zstd": zstandard.ZstdDecompressor().decompress}
SECRETS = {"CreatedKey", "TokenPair"}


async def raw(url: str, headers: dict[str, str], method: str = "GET", body: Any = None) -> tuple[int, Any, bytes]:
    """Status, headers and body as they came, compressed or not."""
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.request(method, url, headers=headers, json=body) as answer,
    ):
        return answer.status, answer.headers, await answer.read()


def bearer(api: Api) -> dict[str, str]:
    return {"Authorization": f"Bearer {api.token}"}


@pytest.fixture
async def commits(api: Api, world: World) -> str:
    """The address of a list that is long."""
    await api.post(f"{world.sync_path}/commits", batch(*numbered(100)))
    return f"{api.url}/api/v1/projects/{world.project}/repos/{world.repo}/commits"


async def test_what_the_client_has_is_not_sent_again(api: Api, world: World, commits: str) -> None:
    path = commits.removeprefix(api.url)
    first = await api.get(path)
    again = await api.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert "Content-Type" not in again.headers
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "no-store"
    await api.post(f"{world.sync_path}/commits", batch(commit("new", commit_date="2027-01-01T00:00:00Z")))
    changed = await api.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status, changed.json["total"]) == (200, 101)
    assert changed.headers["ETag"] != first.headers["ETag"]


async def test_the_tag_is_the_same_however_the_answer_is_sent(api: Api, commits: str) -> None:
    tags = set()
    for accepted in ("identity", "gzip", "zstd"):
        headers = {**bearer(api), "Accept-Encoding": accepted}
        tags.add((await raw(commits, headers))[1]["ETag"])
        tags.add((await raw(commits, headers, "HEAD"))[1]["ETag"])
    assert len(tags) == 1
    assert (await raw(commits, {**bearer(api), "If-None-Match": tags.pop()}, "HEAD"))[0] == 304


async def test_a_tag_opens_nothing(api: Api, commits: str) -> None:
    tag = (await raw(commits, bearer(api)))[1]["ETag"]
    assert (await raw(commits, {"If-None-Match": tag}))[0] == 401


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_long_answer_is_compressed_for_who_accepts_it(api: Api, commits: str, coding: str) -> None:
    _, _, plain = await raw(commits, {**bearer(api), "Accept-Encoding": "identity"})
    _, headers, packed = await raw(commits, {**bearer(api), "Accept-Encoding": coding})
    assert (headers["Content-Encoding"], headers["Content-Length"]) == (coding, str(len(packed)))
    assert "Accept-Encoding" in headers.getall("Vary")
    assert EXPAND[coding](packed) == plain
    assert len(packed) < len(plain) / 3


@pytest.mark.parametrize("path", ["/schema", "/schema/openapi.json", "/schema/openapi.yaml"])
async def test_the_document_is_compressed(server: RunningServer, path: str) -> None:
    _, headers, packed = await raw(f"{server.url}{path}", {**BOTH, "Accept": "*/*"})
    assert headers["Content-Encoding"] == "zstd"
    assert len(packed) < len(EXPAND["zstd"](packed)) / 5


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_page_is_compressed_and_has_no_tag(server: RunningServer, coding: str) -> None:
    _, headers, packed = await raw(f"{server.url}/register", {"Accept-Encoding": coding, "Accept": "text/html"})
    assert (headers["Content-Encoding"], headers["Cache-Control"]) == (coding, "no-store")
    assert "ETag" not in headers
    assert b"Ask for the account" in EXPAND[coding](packed)
    assert len(packed) < len(EXPAND[coding](packed)) / 2


async def test_a_short_answer_and_a_very_long_one_are_not(api: Api, world: World) -> None:
    _, headers, body = await raw(f"{api.url}/api/v1/capabilities", BOTH)
    assert ("Content-Encoding" in headers, len(body) < MIN_BYTES) == (False, True)
    text = "x" * 30_000
    for start in range(0, 40, 10):
        sent = batch(*(commit(n, message_body=text) for n in range(start, start + 10)))
        await api.post(f"{world.sync_path}/commits", sent)
    url = f"{api.url}/api/v1/projects/{world.project}/repos/{world.repo}/commits"
    _, headers, body = await raw(url, {**bearer(api), **BOTH})
    assert ("Content-Encoding" in headers, len(body) > MAX_BYTES) == (False, True)
    assert len(json.loads(body)["items"]) == 40


async def test_what_shows_a_key_or_a_token_is_never_compressed(server: RunningServer, ada: Person) -> None:
    """Names and networks are long enough for it to be worth it."""
    url, headers = f"{server.url}/api/v1", {**bearer(ada.api), **BOTH}
    networks = [f"10.0.{n}.0/24" for n in range(100)]
    answers = [
        await raw(f"{url}/auth/login", BOTH, "POST", {"email": ada.email, "password": PASSWORD}),
        await raw(f"{url}/api-keys/", headers, "POST", {"name": "ci", "networks": networks}),
        await raw(f"{url}/api-keys", headers),
        await raw(f"{url}/auth/me", headers),
    ]
    assert [status for status, _, _ in answers] == [200, 201, 200, 200]
    assert [found.get("Content-Encoding") for _, found, _ in answers] == [None] * 4
    assert [found.get("ETag") for _, found, _ in answers] == [None] * 4
    assert [len(body) > MIN_BYTES for _, _, body in answers][1:3] == [True, True]


def test_no_answer_to_get_shows_a_key_or_a_token() -> None:
    """Which is what makes it safe to compress them."""
    shown = {
        (method, content["schema"].get("$ref", "").rpartition("/")[2])
        for methods in DOCUMENT["paths"].values()
        for method, operation in methods.items()
        for response in operation["responses"].values()
        for content in response.get("content", {}).values()
    }
    assert {method for method, schema in shown if schema in SECRETS} == {"post"}


async def test_metrics_and_exports_pass_as_they_are(server: RunningServer, boss: Person) -> None:
    for path, headers in (("/metrics", BOTH), ("/api/v1/audit-logs?format=csv", {**bearer(boss.api), **BOTH})):
        status, found, _ = await raw(server.url + path, headers)
        assert (status, found.get("Content-Encoding"), found.get("ETag")) == (200, None, None)


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", None), ("identity", None), ("br, deflate", None), ("gzip", "gzip"), ("zstd", "zstd"), ("GZIP", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"), ("gzip;q=1.0, zstd;q=0.5", "gzip"), ("zstd;q=0, gzip", "gzip"),
        ("gzip;q=0", None), ("*", "zstd"), ("*;q=0", None), ("*, zstd;q=0", "gzip"), ("gzip;q=nonsense", None),
        ("zstdx, xgzip", None), ("gzip ; q = 0", None), (",;=,", None), ("gzip;q=nan", None),
    ],
)  # fmt: skip
def test_the_client_s_choice_is_kept_to(header: str, chosen: str | None) -> None:
    assert chosen_encoding(header) == chosen


@pytest.mark.parametrize(
    ("header", "has"),
    [
        ('W/"a"', True), ('"a"', True), ('"b", W/"a"', True), ("*", True), ("", False), ('"b"', False), ("a", False),
        ('W/"ab"', False),
    ],
)  # fmt: skip
def test_a_tag_is_found_among_those_named(header: str, has: bool) -> None:
    assert has_tag(header, 'W/"a"') is has
