"""How a fetch ends that is cancelled or killed: no process goes on, nothing half-made stays, the next one completes."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.forge import Forge
from tests.support.histories import git
from tests.support.hostile import endless_pack
from tests.support.processes import processes_of
from tests.support.waiting import until
from tgl_server.remotes import Reason, RemoteFailed, RemotePolicy, fetch, locked

ROOT = Path(__file__).parents[3]


def half_packs(mirror: Path) -> list[Path]:
    return [*mirror.rglob("tmp_pack_*")]


@contextmanager
def fetching_process(url: str, mirror: Path, forge: Forge) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.server.remotes.fetch_alone", url, str(mirror), str(forge.ca_file)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


async def completes(url: str, mirror: Path, forge: Forge, policy: RemotePolicy) -> None:
    """Check that the next fetch finds the mirror in order."""
    forge.intercept = None
    await fetch(url, mirror, policy=policy)
    assert git(mirror, "rev-list", "--count", "main") == "3"
    assert half_packs(mirror) == []


async def test_a_cancelled_fetch_leaves_no_process_and_no_half_pack(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    url = forge.add(source)
    forge.intercept = endless_pack(pause_seconds=0.1)
    task = asyncio.ensure_future(fetch(url, mirror, policy=policy))
    await until(lambda: half_packs(mirror))
    working = processes_of(mirror)
    assert {"git", "git-remote-http"} <= {process.name().removesuffix("s") for process in working}
    cores = {process.rlimit(psutil.RLIMIT_CORE) for process in working if process.name().startswith("git")}
    assert cores == {(0, 0)}  # the token is in their memory
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert processes_of(mirror) == []
    assert half_packs(mirror) == []
    await completes(url, mirror, forge, policy)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_killed_process_leaves_no_process_behind(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy, how: signal.Signals
) -> None:
    url = forge.add(source)
    forge.intercept = endless_pack(pause_seconds=0.1)
    with fetching_process(url, mirror, forge) as process:
        await until(lambda: half_packs(mirror))
        process.send_signal(how)
        process.wait()
        await until(lambda: not processes_of(mirror))
    assert half_packs(mirror)
    await completes(url, mirror, forge, policy)


async def test_nobody_works_on_a_mirror_while_a_process_of_another_fetch_lives(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    url = forge.add(source)
    forge.intercept = endless_pack(pause_seconds=0.1)
    with fetching_process(url, mirror, forge) as process:
        await until(lambda: half_packs(mirror))
        # Stopped, the guard cannot end the others, as when it were killed with its parent.
        guard = psutil.Process(process.pid).children()[0]
        guard.suspend()
        process.kill()
        process.wait()
        with pytest.raises(RemoteFailed) as caught:
            async with locked(mirror, patience_seconds=0.2):
                pass
        assert caught.value.reason is Reason.BUSY
        guard.resume()
    await until(lambda: not processes_of(mirror))
    await completes(url, mirror, forge, policy)


async def test_locks_that_a_killed_git_left_do_not_stop_the_next_fetch(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    url = forge.add(source)
    git(source, "branch", "team/topic")
    forge.update(source)
    await fetch(url, mirror, policy=policy)
    git(source, "branch", "-D", "team/topic")
    git(source, "branch", "later")
    forge.update(source)
    (mirror / "objects" / "pack" / "tmp_idx_1").touch()
    for name in ("packed-refs.lock", "HEAD.lock", "config.lock", "refs/heads/main.lock", "refs/heads/later.lock"):
        (mirror / name).touch()
    await fetch(url, mirror, policy=policy)
    assert git(mirror, "for-each-ref", "--format=%(refname)").splitlines() == ["refs/heads/later", "refs/heads/main"]
