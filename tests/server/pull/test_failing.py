"""Pulls that fail, are lost or are given back: what they say, and that the next one completes."""

import asyncio
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.database import count, execute, rows
from tests.support.forge import Forge
from tests.support.histories import add_commits, git
from tests.support.pulls import (
    Hanging,
    ask,
    claim,
    claimed,
    lose_worker,
    make_due,
    pull,
    queue_row,
    run_of,
    state_of,
    tips,
)
from tests.support.waiting import until
from tests.support.world import World
from tgl_history.statistics.git_engine import usable_git
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.pull import queue
from tgl_server.pull.mirrors import mirror_of
from tgl_server.pull.pulling import Pull
from tgl_server.settings import Settings


async def test_an_unreachable_remote_fails_with_a_sentence_and_the_next_pull_completes(
    database: Database, world: World, settings: Settings, repo: RepoId, forge: Forge
) -> None:
    await make_due(database, repo)
    forge.intercept = lambda handler: handler.answer(503)
    await Pull(database, settings, await claimed(database, repo)).run()
    (run,) = await rows(database, "SELECT * FROM sync_runs")
    assert (run.state, run.phase, await state_of(database, world)) == (
        "failed",
        "fetching",
        ("error", run.error_message),
    )
    assert "; " in run.error_message
    row = await queue_row(database)
    assert (row.failures, row.refusals, row.lease_token, row.run_id) == (1, 0, None, None)
    assert 0 < row.waits.total_seconds() <= 300
    forge.intercept = None
    assert (await pull(database, settings, repo))["state"] == "done"
    assert ((await queue_row(database)).failures, (await state_of(database, world))[0]) == (0, "healthy")


async def test_five_refusals_in_a_row_pause_a_repository(
    database: Database, world: World, settings: Settings, repo: RepoId, forge: Forge
) -> None:
    await make_due(database, repo)
    forge.token = "another"
    for number in range(1, 6):
        await execute(database, "UPDATE repo_pulls SET next_due_at = now()")
        await Pull(database, settings, await claimed(database, repo)).run()
        assert (await queue_row(database)).refusals == number
    row = await queue_row(database)
    assert row.paused_reason == (await state_of(database, world))[1]
    await execute(database, "UPDATE repo_pulls SET next_due_at = now()")
    assert await claim(database, repo) is None
    forge.token = None
    assert (await pull(database, settings, repo))["state"] == "done"
    assert (await queue_row(database)).paused_at is None


async def test_a_repository_that_kills_its_workers_is_paused_after_the_third(
    database: Database, world: World, settings: Settings, repo: RepoId
) -> None:
    await ask(database, repo)
    for _ in range(3):
        await claimed(database, repo)
        await lose_worker(database)
    await Pull(database, settings, await claimed(database, repo)).run()
    (run,) = await rows(database, "SELECT * FROM sync_runs")
    assert (run.state, "died 3 times" in run.error_message) == ("failed", True)
    assert (await queue_row(database)).paused_reason == run.error_message
    assert await claim(database, repo) is None


async def test_a_repository_without_an_address_says_so(
    database: Database, world: World, settings: Settings, repo: RepoId
) -> None:
    await ask(database, repo)
    await execute(database, "UPDATE repos SET git_url = NULL")
    await Pull(database, settings, await claimed(database, repo)).run()
    assert await state_of(database, world) == ("error", "The repository has no git_url to pull from; set its git_url.")


async def test_a_worker_that_lost_its_lease_stops_and_tells_nothing(
    database: Database, settings: Settings, repo: RepoId, hanging: Hanging
) -> None:
    run_id = await ask(database, repo)
    first = asyncio.create_task(Pull(database, settings, await claimed(database, repo), renew_seconds=0.05).run())
    await until(lambda: hanging.is_asked)
    async with database.transaction() as tx:  # it holds the row, so that no renewal comes between
        await tx.execute(text("UPDATE repo_pulls SET lease_until = now() - interval '1 second'"))
        second = await queue.claim(tx, repo, "elsewhere")
    assert second is not None
    await first
    assert ((await run_of(database, run_id))["state"], await count(database, "commits")) == ("running", 0)
    hanging.go_on()
    await Pull(database, settings, second).run()
    assert ((await run_of(database, run_id))["state"], await count(database, "commits")) == ("done", 3)


async def test_a_worker_that_stops_gives_its_pull_to_another(
    database: Database, settings: Settings, repo: RepoId, hanging: Hanging
) -> None:
    run_id = await ask(database, repo)
    pulling = asyncio.create_task(Pull(database, settings, await claimed(database, repo)).run())
    await until(lambda: hanging.is_asked)
    pulling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pulling
    assert (await run_of(database, run_id))["state"] == "queued"
    hanging.go_on()
    await Pull(database, settings, await claimed(database, repo)).run()
    assert ((await run_of(database, run_id))["state"], await count(database, "commits")) == ("done", 3)


async def test_a_damaged_copy_is_fetched_anew_by_the_next_pull(
    database: Database, world: World, settings: Settings, repo: RepoId, forge: Forge, source: Path
) -> None:
    await pull(database, settings, repo)
    mirror = mirror_of(settings, repo)
    add_commits(source, 1)
    forge.update(source)
    for pack in mirror.glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        whole = pack.read_bytes()  # files are at its end: git itself reads commits and folders to see what it has
        pack.write_bytes(whole[: len(whole) * 3 // 4] + bytes(len(whole) // 4 - 20) + whole[-20:])
    runs = [await pull(database, settings, repo) for _ in range(3)]
    assert (runs[0]["state"], str(mirror) in runs[0]["error_message"]) == ("failed", False)
    assert (runs[-1]["state"], await count(database, "commits")) == ("done", 4)
    assert await tips(database) == {"refs/heads/main": git(source, "rev-parse", "main")}


async def test_a_history_that_takes_too_long_to_count_ends_its_pull_and_the_next_one_completes(
    database: Database, settings: Settings, repo: RepoId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\ncase "$*" in *diff-tree*) exec sleep 1000;; esac\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    with monkeypatch.context() as changed:
        changed.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
        usable_git.cache_clear()
        run_id = await ask(database, repo)
        lease = await claimed(database, repo)
        await Pull(database, settings, lease, reading=timedelta(seconds=2)).run()
    usable_git.cache_clear()
    run = await run_of(database, run_id)
    assert (run["state"], "took longer than" in run["error_message"], "; push" in run["error_message"]) == (
        "failed",
        True,
        True,
    )
    assert (await queue_row(database)).refusals == 1
    assert (await pull(database, settings, repo))["state"] == "done"
