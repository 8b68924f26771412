"""The checks of a chaos run find what is broken on purpose, and the tools break what they say."""

import asyncio
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.chaos import checks
from tests.chaos.clocks import Clock, environment_off_by, find_libfaketime
from tests.chaos.histories import Clone, Expected, Origin
from tests.chaos.proxy import CutPlace, CuttingProxy
from tests.chaos.pushers import Ending
from tests.support import faulty as faults
from tests.support.database import execute
from tests.support.faulty import FaultyServer, faulty_server
from tests.support.histories import git
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_client.client import Client
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database

BRANCHES = ["main", "other"]
ONE = "sha = (SELECT min(sha) FROM commits)"
AB = "decode(repeat('ab', 20), 'hex')"


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    origin = Origin(tmp_path / "origin.git", ["other"])
    origin.grow(40)
    return origin


@pytest.fixture
async def pushed(
    origin: Origin, server: RunningServer, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Expected:
    """A history that the server has, and what git says about it."""
    monkeypatch.setenv("TGL_HOME", str(tmp_path / "tgl"))
    clone = Clone(tmp_path / "clone.git", origin, BRANCHES)
    clone.stand_at_tips()
    async with Client(server.url, world.key) as client:
        await client.push(clone.path, project=world.project, repo=world.repo)
    return origin.expected(BRANCHES)


async def test_nothing_is_found_after_an_ordinary_push(pushed: Expected, world: World, database: Database) -> None:
    assert len(pushed.commits) > 40
    assert await checks.faults_of_repo(database, world, pushed) == []
    assert await asyncio.to_thread(checks.verify_faults, database.engine.url.render_as_string(False)) == []


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (f"DELETE FROM commits WHERE {ONE}", "1 of 48 commits are lost"),
        (f"UPDATE commits SET sha = {AB} WHERE {ONE}", "1 commits are stored that git does not have: abab"),
        (f"UPDATE commits SET message_title = '' WHERE {ONE}", "1 commits are stored with another title"),
        (f"UPDATE commits SET parents = ARRAY[{AB}] WHERE {ONE}", "1 commits are stored with another title"),
        ("UPDATE repo_states SET total_commits = 45", "the counter says 45, and 48 commits are stored"),
        ("UPDATE repo_states SET sync_status = 'error'", "it is error"),
        ("UPDATE sync_runs SET inserted = 47, total = 47", "the runs have inserted 47 commits"),
        ("UPDATE sync_runs SET state = 'running'", "is running"),
        ("UPDATE sync_runs SET skipped = skipped + 1", "does not add up"),
        ("UPDATE sync_runs SET errors = 1, total = total + 1", "does not add up"),
        ("DELETE FROM repo_refs WHERE name = 'refs/heads/main'", "refs/heads/main is recorded at None"),
        (f"UPDATE repo_refs SET sha = {AB}", "refs/heads/other is recorded at abab"),
    ],
)
async def test_what_was_tampered_with_is_found(
    tampering: str, found: str, pushed: Expected, world: World, database: Database
) -> None:
    await execute(database, tampering)
    assert any(found in fault for fault in await checks.faults_of_repo(database, world, pushed))


async def test_what_verify_says_is_found(pushed: Expected, database: Database) -> None:
    await execute(database, "UPDATE repo_states SET total_commits = 45")
    (fault,) = await asyncio.to_thread(checks.verify_faults, database.engine.url.render_as_string(False))
    assert fault.startswith("verify ended with 1")


async def test_a_deadlock_is_found_in_the_log_of_postgresql(postgres: EmbeddedPostgres, database: Database) -> None:
    logged = len(postgres.log_file.read_text())
    with pytest.raises(DBAPIError, match="deadlock"):
        await _deadlock(database)
    assert "PostgreSQL said ERROR: deadlock detected" in checks.postgres_log_faults(
        postgres.log_file.read_text()[logged:]
    )


async def _deadlock(database: Database) -> None:
    async with database.transaction() as one, database.transaction() as two:
        for tx, key in (one, 1), (two, 2):
            await tx.execute(text(f"SELECT pg_advisory_xact_lock({key})"))
        waiting = [tx.execute(text(f"SELECT pg_advisory_xact_lock({key})")) for tx, key in ((one, 2), (two, 1))]
        for done in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(done, BaseException):
                raise done


def test_errors_in_the_servers_log_are_found() -> None:
    (fault,) = checks.server_log_faults("2026 [info ] request\n2026 [error ] unexpected_error request_id=1\nTraceback")
    assert "request_id=1" in fault


@pytest.mark.parametrize(
    ("fault", "count"),
    [
        (faults.problem(503, "unavailable", "Later."), 0),
        (faults.problem(500, "internal_error", "No."), 1),
        (faults.problem(400, "bad_request", "No."), 1),
        (faults.html(503), 1),
    ],
)
async def test_answers_that_explain_nothing_are_found(fault: faults.Fault, count: int) -> None:
    async with faulty_server() as server:
        server.always["capabilities"] = fault
        proxy = _proxy_to(server)
        async with proxy.listening(), aiohttp.request("GET", f"{proxy.url}/api/v1/capabilities") as answer:
            await answer.read()
    assert (len(proxy.unexplained), proxy.statuses.total()) == (count, 1)


@pytest.mark.parametrize("place", list(CutPlace))
async def test_a_connection_is_cut_where_it_was_told(place: CutPlace) -> None:
    async with faulty_server() as server:
        proxy = _proxy_to(server)
        url = "/api/v1/sync/projects/team/repos/app/missing"
        async with proxy.listening(), aiohttp.ClientSession() as session:
            proxy.cut_next(place)
            with pytest.raises(aiohttp.ClientError):
                await (await session.post(proxy.url + url, json={"shas": ["ab" * 20] * 100})).read()
            async with session.post(proxy.url + url, json={"shas": ["ab" * 20]}) as answer:
                assert answer.status == 200
    assert proxy.cuts == {place: 1}
    assert proxy.unexplained == []


@pytest.mark.parametrize(
    ("code", "words", "is_usual"),
    [(0, "", True), (4, "", True), (-9, "", True), (1, "", False), (4, "Traceback", False)],
)
def test_pushes_that_end_in_another_way_are_found(code: int, words: str, is_usual: bool) -> None:
    assert Ending("pusher 0", "origin", code, "failed", 0, words).is_usual is is_usual


def test_wherever_a_clone_stands_its_commits_are_expected(origin: Origin, tmp_path: Path) -> None:
    clone, chance = Clone(tmp_path / "clone.git", origin, BRANCHES), random.Random(1)
    seen = set()
    for _ in range(10):
        clone.stand_somewhere(chance)
        seen.update(git(clone.path, "rev-list", "--branches").splitlines())
        origin.grow(3)
    assert seen <= origin.expected(BRANCHES).commits.keys()
    assert len(seen) > 40


def test_wall_clocks_jump_and_monotonic_ones_do_not(tmp_path: Path) -> None:
    clock = Clock(_library(), tmp_path / "clock")
    clock.set(3600)
    assert _seconds_off(clock.environment()) == (3600, 0)
    assert _seconds_off(environment_off_by(clock.library, -86_400)) == (-86_400, 0)


def _library() -> Path:
    found = find_libfaketime()
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("CI needs libfaketime: apt-get install faketime")
    if found is None:
        pytest.skip("libfaketime is not installed: apt-get install faketime")
    return found


def _seconds_off(environment: dict[str, str]) -> tuple[int, int]:
    """Of a process's two clocks against ours, in whole minutes; it also sleeps."""
    code = "import time; time.sleep(0.01); print(time.time(), time.monotonic())"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    wall, monotonic = map(float, done.stdout.split())
    return 60 * round((wall - time.time()) / 60), 60 * round((monotonic - time.monotonic()) / 60)


def _proxy_to(server: FaultyServer) -> CuttingProxy:
    host, _, port = server.url.removeprefix("http://").partition(":")
    return CuttingProxy((host, int(port)), random.Random(1))
