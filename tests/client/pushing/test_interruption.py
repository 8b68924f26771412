"""A push that is interrupted tells how far it came: in words, in numbers and in JSON."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from tests.support import faulty as faults
from tests.support.command import TGL
from tests.support.faulty import KEY, FaultyServer
from tests.support.histories import git, make_repository
from tests.support.waiting import until
from tgl_client import errors
from tgl_client.client import Client
from tgl_client.http.retry import RetryPolicy
from tgl_client.pushing.options import PushOptions
from tgl_protocol import http


async def _interrupted(
    server: FaultyServer, number: signal.Signals, when: Callable[[], bool], *args: object
) -> tuple[int | None, str, str]:
    """Exit status, output and messages of a push that gets the signal as soon as `when` is true."""
    options = ["--url", server.url, "--project", "team"]
    process = await asyncio.create_subprocess_exec(
        *TGL, "push", *map(str, args), *options, stdout=PIPE, stderr=PIPE, env=_environment()
    )

    async def ready() -> bool:
        return when()

    await until(ready)
    process.send_signal(number)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def _environment() -> dict[str, str]:
    return {**os.environ, "TGL_API_KEY": KEY}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_json_has_the_results_so_far(
    faulty: FaultyServer, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    paths = [make_repository(tmp_path / f"repository-{commits}", commits) for commits in (3, 5, 6)]
    faulty.faults["refs"] = [faults.garbage(b'{"refs": {}}'), faults.hang]
    done = await _interrupted(faulty, number, lambda: faulty.requests.count("PUT refs") == 2, *paths, "--json")
    assert done[0] == code
    document = json.loads(done[1])
    first, hit, left = document["repositories"]
    assert document["exit_code"] == code
    assert (first["state"], first["sent"]) == ("pushed", 3)
    assert (hit["state"], hit["sent"], hit["exit_code"]) == ("failed", 2, code)
    assert "what was stored stays" in hit["error"]
    assert (left["exit_code"], "was not tried" in left["error"]) == (code, True)


async def test_nothing_continues_where_nothing_was_stored(faulty: FaultyServer, repository: Path) -> None:
    faulty.always["status"] = faults.hang
    code, _, said = await _interrupted(
        faulty, signal.SIGINT, lambda: "GET status" in faulty.requests, repository, "--repo", "app"
    )
    assert (
        code,
        "error: interrupted; the server has confirmed nothing\nhint: run it again: it sends what is missing\n" in said,
    ) == (130, True)


async def test_a_stream_that_breaks_off_counts_what_was_stored(faulty: FaultyServer, tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "work", 20)
    shas = git(repository, "rev-list", "--reverse", "main").split()
    faulty.features = [http.COMMIT_STREAM]
    faulty.always |= {"stream": _store_and_hang_up(faulty, shas[:12]), "commits": faults.hang_up}
    async with Client(faulty.url, KEY, retries=RetryPolicy(max_retries=0)) as client:
        with pytest.raises(errors.UnreachableError) as caught:
            await client.push(repository, project="team", repo="app", options=PushOptions(stream_from=1))
    report = caught.value.report
    assert report is not None
    assert (report.sent, report.not_sent) == (12, 8)
    assert report.run_id is not None


async def test_a_batch_whose_answer_is_lost_counts_what_was_stored(faulty: FaultyServer, repository: Path) -> None:
    shas = git(repository, "rev-list", "--reverse", "main").split()
    faulty.always["commits"] = _store_and_hang_up(faulty, shas[:2])
    async with Client(faulty.url, KEY, retries=RetryPolicy(max_retries=0)) as client:
        with pytest.raises(errors.UnreachableError) as caught:
            await client.push(repository, project="team", repo="app")
    assert caught.value.report is not None
    assert (caught.value.report.sent, caught.value.report.not_sent) == (2, 1)


async def test_a_server_that_is_gone_does_not_hold_up_the_report(faulty: FaultyServer, repository: Path) -> None:
    faulty.always |= {"commits": faults.hang_up, "missing": faults.hang}
    started = asyncio.get_running_loop().time()
    async with Client(faulty.url, KEY, retries=RetryPolicy(max_retries=0)) as client:
        with pytest.raises(errors.UnreachableError):
            await client.push(repository, project="team", repo="app")
    assert asyncio.get_running_loop().time() - started < 10


def _store_and_hang_up(server: FaultyServer, shas: list[str]) -> faults.Fault:
    async def answer(request: web.Request) -> web.StreamResponse:
        server.stored += shas
        return await faults.hang_up(request)

    return answer
