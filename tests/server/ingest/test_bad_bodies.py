"""Bodies that are refused: the documented status, a problem body, and not one row more or less."""

import gzip
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered, sha_of
from tests.support.world import World
from tgl_server.db.engine import Database

MEGABYTE = 1024 * 1024


def body(*commits: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps(batch(*commits, **fields)).encode()


def with_field(name: str, value: Any) -> bytes:
    return body(commit("ok"), commit("bad", **{name: value}))


def raw(name: str, literal: bytes) -> bytes:
    """A body whose second commit has this literal JSON for a field."""
    return with_field(name, "PLACEHOLDER").replace(b'"PLACEHOLDER"', literal)


BAD_COMMITS = {
    "sha of 39": with_field("sha", "a" * 39),
    "sha of 41": with_field("sha", "a" * 41),
    "sha not hexadecimal": with_field("sha", "g" * 40),
    "sha with spaces": with_field("sha", "aa " * 13 + "a"),
    "sha empty": with_field("sha", ""),
    "sha a number": with_field("sha", 7),
    "sha missing": with_field("sha", ...),
    "parent not hexadecimal": with_field("parents", ["x" * 40]),
    "parents no list": with_field("parents", "none"),
    "huge integer": with_field("additions", 2**31),
    "integer beyond 64 bits": with_field("additions", 10**30),
    "integer of 5000 digits": raw("additions", b"9" * 5000),
    "negative number": with_field("deletions", -1),
    "fraction": with_field("files_changed", 1.5),
    "lone surrogate as a date": raw("commit_date", b'"\\ud800"'),
    "lone surrogate in an unknown name": raw("parents", b'null, "\\ud800": 1'),
    "number as text": with_field("additions", "42"),
    "bool as number": with_field("is_merge", 1),
    "null name": with_field("author_name", None),
    "list as name": with_field("author_name", ["Ada"]),
    "name too long": with_field("committer_name", "n" * 256),
    "e-mail too long": with_field("author_email", "e" * 321),
    "title too long": with_field("message_title", "t" * 501),
    "body too long": with_field("message_body", "b" * 65_537),
    "NUL in the title": with_field("message_title", "a\0b"),
    "NUL in the name": with_field("author_name", "\0"),
    "lone high surrogate": raw("message_title", b'"\\ud83d"'),
    "lone low surrogate": raw("author_name", b'"x\\udc00y"'),
    "year 0": with_field("commit_date", "0000-01-01T00:00:00Z"),
    "year 10000": with_field("commit_date", "10000-01-01T00:00:00Z"),
    "before year 1 in UTC": with_field("commit_date", "0001-01-01T00:00:00+14:00"),
    "after year 9999 in UTC": with_field("author_date", "9999-12-31T23:59:59-14:00"),
    "date without time": with_field("commit_date", "2026-01-02"),
    "no date": with_field("commit_date", "yesterday"),
    "date as a number": with_field("commit_date", 1_767_225_600),
    "commit is null": b'{"commits": [null]}',
    "commit is a list": b'{"commits": [[]]}',
}

BAD_BODIES = {
    "empty": b"",
    "truncated": body(commit())[:-20],
    "two documents": body(commit()) * 2,
    "not JSON": b"<html></html>",
    "not UTF-8": body(commit()).replace(b"Ada", b"\xff\xfe"),
    "raw control character": body(commit()).replace(b"Ada", b"A\x00a"),
    "not a number": raw("additions", b"NaN"),
    "an infinite number": body(commit(), mood=float("inf")),
    "nested deeply": raw("parents", b"[" * 5_000 + b"]" * 5_000),
    "a list": b"[]",
    "null": b"null",
    "no commits": b"{}",
    "0 commits": b'{"commits": []}',
    "1001 commits": body(*numbered(1001)),
    "commits a text": b'{"commits": "all"}',
    "commits an object": b'{"commits": {}}',
    "client version too long": body(commit(), client_version="v" * 101),
    "client version a number": body(commit(), client_version=1),
    "client version with NUL": body(commit(), client_version="\0"),
    "nested beyond reason": b'{"commits":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


PACKED = msgspec.msgpack.encode(batch(commit()))
BAD_PACKED = {
    "empty": b"",
    "truncated": PACKED[:-5],
    "two documents": PACKED * 2,
    "JSON": body(commit()),
    "not UTF-8": PACKED.replace(b"Ada", b"\xff\xfe\xff"),
    "a number as a key": msgspec.msgpack.encode({1: 2}),
    "a date beyond all years": PACKED.replace(b"Ada", b"Ad\xc7"),
    "nested beyond reason": b"\x91" * 100_000,
}
BAD_PACKED_COMMITS = {
    "NUL in the name": commit("bad", author_name="\0"),
    "bytes as a sha": commit("bad", sha=b"a" * 40),
    "an extension as a date": commit("bad", commit_date=msgspec.msgpack.Ext(7, b"x")),
    "a date as a number": commit("bad", commit_date=5),
}


@pytest.fixture
async def pushed(api: Api, world: World, database: Database) -> AsyncIterator[Api]:
    """The API over a repository with one commit, checked to have it still, and only it, in the end."""
    await api.post(f"{world.sync_path}/commits", batch(commit("kept")))
    yield api
    async with database.statements() as connection:
        counted = await connection.execute(
            text("SELECT count(*), (SELECT sum(total_commits) FROM repo_states) FROM commits")
        )
    assert tuple(counted.one()) == (1, 1)


async def push(api: Api, world: World, data: bytes, **headers: str) -> Any:
    sent = {"Content-Type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
    return await api.request("POST", f"{world.sync_path}/commits", data=io.BytesIO(data), headers=sent)


def check_problem(answer: Any, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert {"type", "title", "detail"} <= set(answer.json)
    assert not {"Traceback", "SELECT", "INSERT"} & set(answer.body.decode().split())


@pytest.mark.parametrize("name", BAD_COMMITS)
async def test_a_bad_commit_is_refused_with_its_place(pushed: Api, world: World, name: str) -> None:
    answer = await push(pushed, world, BAD_COMMITS[name])
    check_problem(answer, 422, "invalid_commits")
    assert answer.json["errors"][-1]["index"] == (0 if "commit is" in name else 1)
    assert answer.json["errors"][-1]["message"]


@pytest.mark.parametrize("name", BAD_COMMITS)
async def test_a_bad_commit_is_named_the_same_way_when_it_is_left_out(pushed: Api, world: World, name: str) -> None:
    """The good commit beside it would be stored, so it is one that is there already."""
    data = BAD_COMMITS[name].replace(sha_of("ok").encode(), sha_of("kept").encode())
    answer = await pushed.request(
        "POST", f"{world.sync_path}/commits?on_error=skip", data=data, headers={"Content-Type": "application/json"}
    )
    assert (answer.status, answer.json["errors"]) == (201, 1)
    assert answer.json["details"][-1]["error"]
    # A name that no JSON can hold cannot be sent back, and a commit that is no object has no fields.
    has_field = name not in ("lone surrogate in an unknown name", "commit is null", "commit is a list")
    assert ("field" in answer.json["details"][-1]) is has_field
    if has_field:
        assert f'"{answer.json["details"][-1]["field"].partition("[")[0]}"'.encode() in data or "missing" in name


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_what_is_no_batch_is_refused(pushed: Api, world: World, name: str) -> None:
    check_problem(await push(pushed, world, BAD_BODIES[name]), 422, "invalid_body")


async def test_a_hundred_megabytes_are_refused_by_their_announced_length(pushed: Api, world: World) -> None:
    try:
        answer = await push(pushed, world, b" " * (100 * MEGABYTE))
    except aiohttp.ClientConnectionError:
        return  # refused so early that the rest of the body found no reader
    check_problem(answer, 413, "body_too_large")


async def test_a_hundred_megabytes_in_chunks_are_cut_off_while_they_arrive(pushed: Api, world: World) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * MEGABYTE

    try:
        answer = await pushed.request(
            "POST", f"{world.sync_path}/commits", data=chunks(), headers={"Content-Type": "application/json"}
        )
    except aiohttp.ClientConnectionError:
        return
    check_problem(answer, 413, "body_too_large")


async def test_a_body_that_expands_beyond_the_limit_is_refused(pushed: Api, world: World) -> None:
    bomb = gzip.compress(b" " * (100 * MEGABYTE))
    check_problem(await push(pushed, world, bomb, Content_Encoding="gzip"), 413, "body_too_large")


async def test_what_is_not_the_gzip_it_says_is_refused(pushed: Api, world: World) -> None:
    check_problem(await push(pushed, world, body(commit()), Content_Encoding="gzip"), 422, "invalid_body")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
async def test_an_unknown_encoding_is_refused(pushed: Api, world: World, encoding: str) -> None:
    answer = await push(pushed, world, body(commit()), Content_Encoding=encoding)
    check_problem(answer, 415, "unsupported_encoding")


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data"])
async def test_a_wrong_content_type_is_refused(pushed: Api, world: World, media_type: str) -> None:
    answer = await push(pushed, world, body(commit()), Content_Type=media_type)
    check_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_a_wrong_method_is_refused(pushed: Api, world: World, method: str) -> None:
    answer = await pushed.request(method, f"{world.sync_path}/commits")
    check_problem(answer, 405, "method_not_allowed")


async def test_a_wrong_parameter_is_refused(pushed: Api, world: World) -> None:
    answer = await pushed.post(f"{world.sync_path}/commits?on_error=ignore", batch(commit()))
    check_problem(answer, 422, "invalid_parameter")


async def test_a_run_id_that_is_no_uuid_is_refused(pushed: Api, world: World) -> None:
    check_problem(await push(pushed, world, body(commit()), TGL_Run_Id="mine"), 422, "invalid_parameter")


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("projects/nowhere/repos/first", "project_not_found"),
        ("projects/demo/repos/nowhere", "repo_not_found"),
        ("projects/%00/repos/x", "project_not_found"),
        ("projects/demo/repos/%00", "repo_not_found"),
    ],
)
async def test_a_repository_that_is_not_there_is_not_found(pushed: Api, place: str, code: str) -> None:
    answer = await pushed.post(f"/api/v1/sync/{place}/commits", batch(commit()))
    check_problem(answer, 404, code)


@pytest.mark.parametrize("name", BAD_PACKED)
async def test_what_is_no_batch_in_messagepack_is_refused(pushed: Api, world: World, name: str) -> None:
    answer = await push(pushed, world, BAD_PACKED[name], Content_Type="application/msgpack")
    check_problem(answer, 422, "invalid_body")


@pytest.mark.parametrize("name", BAD_PACKED_COMMITS)
async def test_a_bad_commit_in_messagepack_is_refused_with_its_place(pushed: Api, world: World, name: str) -> None:
    data = msgspec.msgpack.encode(batch(commit("ok"), BAD_PACKED_COMMITS[name]))
    answer = await push(pushed, world, data, Content_Type="application/msgpack")
    check_problem(answer, 422, "invalid_commits")
    assert answer.json["errors"][-1]["index"] == 1
