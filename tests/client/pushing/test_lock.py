"""One push of a repository at a time, on this machine."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.faulty import KEY, FaultyServer
from tgl_client.client import Client
from tgl_client.errors import AlreadyRunningError
from tgl_client.http.address import Target, parse_server_url
from tgl_client.pushing.lock import locked

URL, TARGET = parse_server_url("http://127.0.0.1:9"), Target("team", "app")

HOLD = """
import sys, time
from pathlib import Path
from tgl_client.http.address import Target, parse_server_url
from tgl_client.pushing.lock import locked

with locked(Path(sys.argv[1]), parse_server_url("http://127.0.0.1:9"), Target("team", "app")):
    print("locked", flush=True)
    time.sleep(60)
"""


async def test_a_second_push_of_the_same_repository_leaves_at_once(faulty: FaultyServer, repository: Path) -> None:
    lock = locked(repository, parse_server_url(faulty.url), TARGET)
    async with Client(faulty.url, KEY) as client:
        with lock, pytest.raises(AlreadyRunningError) as caught:
            await client.push(repository, project="team", repo="app")
    assert caught.value.exit_code == 75
    assert faulty.requests == []


def test_a_push_that_meets_another_ends_with_its_own_code(repository: Path) -> None:
    settings = {"TGL_URL": URL.base, "TGL_API_KEY": KEY, "TGL_PROJECT": "team", "TGL_REPO": "app"}
    with locked(repository, URL, TARGET):
        done = tgl("push", cwd=repository, **settings)
    assert (done.code, "another push" in done.err) == (75, True)


def test_other_repositories_and_targets_are_pushed_meanwhile(repository: Path, tmp_path: Path) -> None:
    other = Target("team", "other")
    with locked(repository, URL, TARGET), locked(repository, URL, other), locked(tmp_path, URL, TARGET):
        pass


def test_a_lock_ends_with_its_push(repository: Path) -> None:
    for _ in range(2):
        with locked(repository, URL, TARGET):
            pass


def test_a_lock_ends_with_a_killed_process(repository: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(repository)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(AlreadyRunningError), locked(repository, URL, TARGET):
            pass
        holder.kill()
    with locked(repository, URL, TARGET):
        pass


def test_of_many_that_start_together_one_gets_the_lock(repository: Path) -> None:
    start, tried = threading.Barrier(8), threading.Barrier(8)
    got: list[bool] = []

    def race() -> None:
        start.wait()
        try:
            with locked(repository, URL, TARGET):
                got.append(True)
                tried.wait()
        except AlreadyRunningError:
            got.append(False)
            tried.wait()

    racers = [threading.Thread(target=race) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(got) == [False] * 7 + [True]
