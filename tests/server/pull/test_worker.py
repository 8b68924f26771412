"""`tgl-server worker` as real processes: two share the work, and whatever happens to one, another goes on."""

import asyncio
import signal
from collections import Counter
from pathlib import Path
from threading import Lock
from uuid import UUID

import psutil
import pytest

from tests.support.command import tgl_server
from tests.support.database import count, execute, rows, scalar, until_query
from tests.support.forge import Forge, Handler
from tests.support.processes import is_alive
from tests.support.pulls import Hanging, ask, let_pull, lose_worker, run_of, running_worker
from tests.support.waiting import until
from tests.support.world import add_world
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.pull.child import CHILD_MEMORY_BYTES
from tgl_server.pull.mirrors import mirror_of
from tgl_server.settings import Settings

ALL_DONE = "SELECT count(*) FILTER (WHERE state = 'done') = :runs FROM sync_runs"
IS_DONE = "SELECT state = 'done' FROM sync_runs WHERE id = :id"


class Overlaps:
    """Counts the requests that a forge answers for one repository at a time: git asks one after the other."""

    def __init__(self, forge: Forge) -> None:
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._lock = Lock()
        forge.intercept = self._count

    def _count(self, handler: Handler) -> bool:
        name = handler.path.split("/")[1]
        with self._lock:
            self._now[name] += 1
            self.most[name] = max(self.most[name], self._now[name])
        try:
            return handler.answer_by_git()
        finally:
            with self._lock:
                self._now[name] -= 1


async def test_two_workers_pull_ten_repositories_and_never_one_at_once(
    database: Database, settings: Settings, forge: Forge, source: Path
) -> None:
    overlaps = Overlaps(forge)
    for number in range(10):
        world = await add_world(database, project=f"p{number}")
        await ask(database, await let_pull(database, world, forge.add(source, f"r{number}")))
    with running_worker(settings, "--children", "3"), running_worker(settings, "--children", "3"):
        await until_query(database, "SELECT count(*) = 2 FROM pull_workers")
        await until_query(database, ALL_DONE, runs=10)
    assert (len(overlaps.most), set(overlaps.most.values())) == (10, {1})
    found = await rows(database, "SELECT DISTINCT batches, inserted FROM sync_runs")
    assert [tuple(row) for row in found] == [(1, 3)]
    assert (await count(database, "sync_runs"), await count(database, "pull_workers")) == (10, 0)


async def test_a_worker_that_is_killed_is_followed_by_another_which_completes_its_run(
    database: Database, settings: Settings, repo: RepoId, hanging: Hanging
) -> None:
    run_id = await ask(database, repo)
    with running_worker(settings) as victim:
        await until(lambda: hanging.is_asked)
        left = psutil.Process(victim.pid).children(recursive=True)
        victim.kill()
        victim.wait()
    assert left
    await until(lambda: not any(is_alive(process) for process in left))
    assert (await run_of(database, run_id))["state"] == "running"
    await lose_worker(database)
    hanging.go_on()
    with running_worker(settings):
        await until_query(database, IS_DONE, id=run_id)
    run = await run_of(database, run_id)
    assert (run["inserted"], await count(database, "commits"), await count(database, "sync_runs")) == (3, 3, 1)
    assert list(mirror_of(settings, repo).glob("objects/**/tmp_*")) == []


async def test_a_worker_that_is_told_to_stop_gives_back_its_pull_and_leaves_no_process(
    database: Database, settings: Settings, repo: RepoId, hanging: Hanging
) -> None:
    run_id = await ask(database, repo)
    with running_worker(settings) as worker:
        await until(lambda: hanging.is_asked)
        assert psutil.Process(worker.pid).rlimit(psutil.RLIMIT_DATA)[0] == CHILD_MEMORY_BYTES
        children = psutil.Process(worker.pid).children(recursive=True)
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, 30) == 0
    assert not any(is_alive(child) for child in children)
    assert (await run_of(database, run_id))["state"] == "queued"
    assert await count(database, "pull_workers") == 0
    hanging.go_on()
    with running_worker(settings):
        await until_query(database, IS_DONE, id=run_id)


async def test_a_worker_gives_signs_of_life_and_forgets_those_who_gave_none_for_a_day(
    database: Database, settings: Settings
) -> None:
    dead = UUID(int=1)
    await execute(
        database,
        """
        INSERT INTO pull_workers (id, host, pid, version, children, seen_at)
        VALUES (:id, 'gone', 1, '0', 1, now() - interval '25 hours')
        """,
        id=dead,
    )
    with running_worker(settings, "--children", "4") as worker:
        await until_query(database, "SELECT count(*) = 1 FROM pull_workers WHERE pid = :pid", pid=worker.pid)
        (row,) = await rows(database, "SELECT children, disk_free > 0, id <> :dead FROM pull_workers", dead=dead)
    assert tuple(row) == (4, True, True)


async def test_what_waits_for_a_repository_that_is_pushed_to_by_now_is_cancelled_by_a_worker(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    run_id = await ask(database, repo)
    await execute(database, "UPDATE repos SET sync_method = 'push_client'")
    with running_worker(settings):
        await until_query(database, "SELECT state = 'cancelled' FROM sync_runs WHERE id = :id", id=run_id)
    assert await scalar(database, "SELECT count(*) FROM commits") == 0


def test_a_worker_without_git_does_not_start(database_url: str, tmp_path: Path) -> None:
    done = tgl_server("worker", "--no-broker", DATABASE_URL=database_url, PATH=str(tmp_path))
    assert (done.code, "install git" in done.err) == (1, True)


@pytest.mark.parametrize("said", ["git version 2.36.9", "what?"])
def test_a_worker_with_a_git_that_connects_to_any_address_does_not_start(
    database_url: str, tmp_path: Path, said: str
) -> None:
    (tmp_path / "git").write_text(f"#!/bin/sh\necho '{said}'\n")
    (tmp_path / "git").chmod(0o755)
    done = tgl_server("worker", "--no-broker", DATABASE_URL=database_url, PATH=str(tmp_path))
    assert (done.code, "pulling needs git 2.37 or later, " in done.err) == (1, True)
