"""A long push as one stream: against the real server, and where the way to it fails."""

from pathlib import Path

import pytest

from tests.support import faulty as faults
from tests.support.command import tgl
from tests.support.faulty import KEY, FaultyServer
from tests.support.histories import git, make_repository
from tests.support.pushing import push_and_kill, stored
from tgl_client.client import Client
from tgl_client.http.retry import RetryPolicy
from tgl_client.pushing.options import PushOptions
from tgl_client.report import PushReport, PushState
from tgl_protocol.http import COMMIT_STREAM
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


async def test_where_every_stream_is_cut_the_push_goes_in_batches(faulty: FaultyServer, long: Path) -> None:
    faulty.always["stream"] = faults.hang_up
    report = await push(faulty, long)
    assert (report.state, report.sent, report.walked) == (PushState.PUSHED, 40, 40)
    assert faulty.stored == git(long, "rev-list", "--reverse", "main").split()


async def test_a_stream_that_is_limited_waits(faulty: FaultyServer, long: Path) -> None:
    limited = faults.problem(429, "rate_limited", "Too many requests.", {"Retry-After": "0"})
    faulty.faults["stream"] = [limited]
    assert (await push(faulty, long)).sent == 40


@pytest.mark.usefixtures("settings")
async def test_a_stream_killed_in_the_middle_is_continued_by_the_next_push(tmp_path: Path, database: Database) -> None:
    path = make_repository(tmp_path / "very-long", LONG)
    await push_and_kill(path, database, after=1)
    before = len(await stored(database))
    [report] = tgl("push", path, "--json").json["repositories"]
    assert (report["exit_code"], report["sent"]) == (0, LONG - before)
    assert len(await stored(database)) == LONG
    assert tgl("push", path, "--json").json["repositories"][0]["state"] == "nothing_new"
