"""Locks that others hold, and disks that cannot be read: workers go on, and no repository is blamed for it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from tests.support.database import changes_fail, execute, scalar, until_query
from tests.support.pulls import Hanging, ask, claim, claimed, pull, queue_row, run_of
from tests.support.waiting import until
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.pull import pulling, upkeep, worker
from tgl_server.pull.pulling import Pull
from tgl_server.pull.worker import Worker
from tgl_server.settings import Settings

HELD_TOO_LONG = ["55P03", "40P01", "40001"]
IS_DONE = "SELECT state = 'done' FROM sync_runs WHERE id = :id"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers look often."""
    monkeypatch.setattr(worker, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(upkeep, "SEEN_SECONDS", 0.05)


@asynccontextmanager
async def working(database: Database, settings: Settings) -> AsyncIterator["asyncio.Task[None]"]:
    """A worker of this process, which must not end before the block does."""
    stop = asyncio.Event()
    task = asyncio.create_task(Worker(database, settings, 1).run(stop))
    try:
        yield task
    finally:
        stop.set()
        await task


async def said(lines: list[MutableMapping[str, Any]], event: str) -> None:
    await until(lambda: any(line["event"] == event for line in lines))


@pytest.mark.parametrize("code", HELD_TOO_LONG)
@pytest.mark.parametrize(("table", "event"), [("sync_runs", "claim_failed"), ("repo_pulls", "tick_failed")])
async def test_a_worker_that_cannot_claim_at_the_moment_goes_on(
    database: Database, settings: Settings, repo: RepoId, table: str, event: str, code: str
) -> None:
    run_id = await ask(database, repo)
    with capture_logs() as lines:
        async with changes_fail(database, table, "INSERT OR UPDATE", code), working(database, settings) as task:
            await said(lines, event)
            assert not task.done()
    await execute(database, "UPDATE repo_pulls SET queued_at = NULL")
    async with working(database, settings):
        await until_query(database, IS_DONE, id=run_id)


@pytest.mark.parametrize("code", ["55P03", "XX000"])
async def test_signs_of_life_go_on_whatever_one_of_them_met(database: Database, settings: Settings, code: str) -> None:
    with capture_logs() as lines:
        async with working(database, settings):
            async with changes_fail(database, "pull_workers", "INSERT OR UPDATE", code):
                before = len(lines)
                await until(lambda: any(line["event"] == "sign_of_life_failed" for line in lines[before:]))
            await execute(database, "DELETE FROM pull_workers")
            await until_query(database, "SELECT count(*) = 1 FROM pull_workers")


async def test_a_disk_that_may_not_be_looked_at_silences_no_worker(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    async with working(database, settings):
        await until_query(database, "SELECT count(*) = 1 FROM pull_workers")
        assert await scalar(database, "SELECT disk_free FROM pull_workers") is None


@pytest.mark.parametrize("code", HELD_TOO_LONG)
async def test_a_pull_goes_on_where_its_lease_cannot_be_renewed_at_the_moment(
    database: Database, settings: Settings, repo: RepoId, hanging: Hanging, code: str
) -> None:
    run_id = await ask(database, repo)
    with capture_logs() as lines:
        task = asyncio.create_task(Pull(database, settings, await claimed(database, repo), renew_seconds=0.05).run())
        await until(lambda: hanging.is_asked)
        async with changes_fail(database, "sync_runs", "UPDATE", code):
            await said(lines, "lease_not_renewed")
        hanging.go_on()
        await task
    assert ((await run_of(database, run_id))["state"], (await queue_row(database)).attempts) == ("done", 0)


async def test_a_pull_that_a_lock_ended_counts_as_no_lost_worker(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    run_id = await ask(database, repo)
    async with changes_fail(database, "repo_refs", "INSERT OR UPDATE", "55P03"):
        for _ in range(4):
            lease = await claimed(database, repo)
            assert lease.attempts == 1
            await Pull(database, settings, lease).run()
    assert (await run_of(database, run_id))["state"] == "queued"
    await Pull(database, settings, await claimed(database, repo)).run()
    assert (await run_of(database, run_id))["state"] == "done"


async def test_a_mirror_that_cannot_be_measured_is_not_tried_again_at_once(
    database: Database, settings: Settings, repo: RepoId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pulling, "size_of", refuse)
    await ask(database, repo)
    await Pull(database, settings, await claimed(database, repo)).run()
    row = await queue_row(database)
    assert (row.attempts, row.lease_token is None, await claim(database, repo)) == (1, False, None)


async def test_a_failure_is_told_as_soon_as_the_lock_is_free(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    run_id = await ask(database, repo)
    await execute(database, "UPDATE repos SET git_url = NULL")
    lease = await claimed(database, repo)
    with capture_logs() as lines:
        async with changes_fail(database, "sync_runs", "UPDATE", "55P03"):
            task = asyncio.create_task(Pull(database, settings, lease, renew_seconds=0.05).run())
            await said(lines, "pull_not_ended")
        await task
    assert ((await run_of(database, run_id))["state"], (await queue_row(database)).failures) == ("failed", 1)


async def test_a_folder_of_mirrors_that_cannot_be_written_is_told_and_is_no_database_that_is_away(
    database: Database, settings: Settings, repo: RepoId, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    run = await pull(database, msgspec.structs.replace(settings, mirror_dir=str(tmp_path / "file" / "mirrors")), repo)
    assert (run["state"], "cannot be written" in run["error_message"]) == ("failed", True)
    assert str(tmp_path) not in run["error_message"]
