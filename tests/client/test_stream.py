"""A long push as one stream: against the real server, and where the way to it fails."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.client import faulty as faults
from tests.client.command import TGL, tgl
from tests.client.faulty import KEY, FaultyServer
from tests.client.histories import git, make_repository
from tests.servers import RunningServer
from tests.world import World
from tgl_client.batch import Batch
from tgl_client.client import Client
from tgl_client.delay import RetryPolicy
from tgl_client.push import PushOptions
from tgl_client.report import PushReport, PushState
from tgl_client.stream import StreamBody
from tgl_protocol.http import COMMIT_STREAM
from tgl_protocol.problem import ErrorCode
from tgl_server.db.engine import Database

LONG = 9_000


async def push(server: FaultyServer, path: Path) -> PushReport:
    server.features = [COMMIT_STREAM]
    quick = RetryPolicy(max_retries=3, max_waiting=2.0, scale=0.001)
    async with Client(server.url, KEY, retries=quick, read_timeout=2) as client:
        return await client.push(path, project="team", repo="app", options=PushOptions(stream_from=10))


@pytest.fixture
def long(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "long", 40)


async def test_a_long_push_is_one_request(faulty: FaultyServer, long: Path) -> None:
    report = await push(faulty, long)
    assert (report.state, report.sent, report.walked) == (PushState.PUSHED, 40, 40)
    assert faulty.requests.count("POST stream") == 1
    assert "POST commits" not in faulty.requests
    assert faulty.stored == git(long, "rev-list", "--reverse", "main").split()


@pytest.mark.parametrize("fault", [faults.hang_up, faults.html(502), faults.html(503)])
async def test_a_stream_that_breaks_off_goes_on_with_what_is_missing(
    faulty: FaultyServer, long: Path, fault: faults.Fault
) -> None:
    faulty.faults["stream"] = [fault]
    report = await push(faulty, long)
    assert (report.state, report.sent) == (PushState.PUSHED, 40)
    assert faulty.requests.count("POST stream") == 2
    assert faulty.stored == git(long, "rev-list", "--reverse", "main").split()


@pytest.mark.parametrize("status", [404, 405, 411, 413, 415])
async def test_where_no_stream_passes_the_push_goes_in_batches(faulty: FaultyServer, long: Path, status: int) -> None:
    faulty.always["stream"] = faults.html(status)
    report = await push(faulty, long)
    assert (report.state, report.sent) == (PushState.PUSHED, 40)
    assert len(faulty.stored) == 40


async def test_a_stream_that_is_limited_waits(faulty: FaultyServer, long: Path) -> None:
    limited = faults.problem(429, ErrorCode.RATE_LIMITED, "Too many requests.", {"Retry-After": "0"})
    faulty.faults["stream"] = [limited]
    assert (await push(faulty, long)).sent == 40


async def test_a_stream_is_closed_while_its_last_read_is_still_ending() -> None:
    body = StreamBody([], read=_never_read, still_missing=_all_of_them, advance=lambda _: None, compress=False)
    sending = asyncio.ensure_future(anext(await body.open()))
    await asyncio.sleep(0)
    sending.cancel()
    await body.close()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def _never_read(_: list[bytes]) -> AsyncGenerator[Batch, None]:
    try:
        await asyncio.Event().wait()
        yield Batch([], [])
    finally:
        for _step in range(3):
            await asyncio.sleep(0)  # as the git processes take a moment to end


async def _all_of_them(shas: list[bytes]) -> list[bytes]:
    return shas


@pytest.mark.slow
async def test_a_stream_killed_in_the_middle_is_continued_by_the_next_push(
    tmp_path: Path, server: RunningServer, world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"URL": server.url, "API_KEY": world.key, "PROJECT": world.project, "REPO": world.repo}.items():
        monkeypatch.setenv(f"TGL_{name}", value)
    path = make_repository(tmp_path / "very-long", LONG)
    victim = await asyncio.create_subprocess_exec(*TGL, "push", str(path), "-q")
    while not (before := await _stored(database)):
        assert victim.returncode is None
        await asyncio.sleep(0.01)
    victim.kill()
    await victim.wait()
    await asyncio.sleep(0.5)  # the server may be storing one chunk more
    before = await _stored(database)
    [report] = tgl("push", path, "--json").json["repositories"]
    assert (report["exit_code"], report["sent"]) == (0, LONG - before)
    assert await _stored(database) == LONG
    assert tgl("push", path, "--json").json["repositories"][0]["state"] == "nothing_new"


async def _stored(database: Database) -> int:
    async with database.statements() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM commits")) or 0)
