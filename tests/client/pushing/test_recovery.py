"""Situations that break tools with local state: kills, signals, lost tips, a restored server."""

import os
import random
import signal
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.command import TGL
from tests.support.database import execute
from tests.support.histories import add_commits, git, make_repository
from tests.support.pushing import push, push_and_kill, stored
from tests.support.world import World, status_of
from tgl_server.db.engine import Database


@pytest.mark.usefixtures("settings")
async def test_after_a_push_that_was_killed_before_it_recorded_its_tips_the_next_one_heals(
    repository: Path, api: Api, world: World, database: Database
) -> None:
    push(repository)
    await execute(database, "DELETE FROM repo_refs")
    await execute(database, "UPDATE sync_runs SET state = 'running', finished_at = NULL")
    await execute(database, "UPDATE repo_states SET sync_status = 'syncing'")
    assert push(repository).code == 0
    assert (await status_of(api, world))["status"] == "healthy"


@pytest.mark.usefixtures("settings")
async def test_an_interruption_is_forgotten_when_a_push_finds_nothing_new(
    repository: Path, api: Api, world: World, database: Database
) -> None:
    push(repository)
    await execute(
        database, "UPDATE repo_states SET sync_status = 'error', error_message = 'The last push was interrupted'"
    )
    assert push(repository).code == 0
    status = await status_of(api, world)
    assert (status["status"], status["error_message"]) == ("healthy", None)


@pytest.mark.usefixtures("settings")
async def test_a_server_restored_from_an_older_backup_gets_what_is_missing(
    repository: Path, database: Database
) -> None:
    push(repository)
    before = git(repository, "rev-parse", "main")
    add_commits(repository, 3)
    push(repository)
    await _restore(database, before, keep=set(git(repository, "rev-list", before).split()))
    [report] = push(repository, "--json").json["repositories"]
    assert (report["walked"], report["sent"]) == (3, 3)
    assert await stored(database) == set(git(repository, "rev-list", "main").split())


@pytest.mark.usefixtures("settings")
async def test_an_emptied_repository_is_filled_again(repository: Path, database: Database) -> None:
    push(repository)
    await _restore(database, None, keep=set())
    [report] = push(repository, "--json").json["repositories"]
    assert report["sent"] == 3


@pytest.mark.usefixtures("settings")
async def test_recheck_finds_what_the_recorded_tips_hide(repository: Path, database: Database) -> None:
    push(repository)
    async with database.transaction() as tx:
        await tx.execute(
            text("DELETE FROM commits WHERE sha = :sha"), {"sha": bytes.fromhex(git(repository, "rev-parse", "main~1"))}
        )
    assert push(repository, "--json").json["repositories"][0]["state"] == "nothing_new"
    [report] = push(repository, "--recheck", "--json").json["repositories"]
    assert (report["walked"], report["already_there"], report["sent"]) == (3, 2, 1)


async def _restore(database: Database, tip: str | None, keep: set[str]) -> None:
    """What a backup does: commits, tips and counters of an earlier moment."""
    kept = [bytes.fromhex(sha) for sha in keep]
    async with database.transaction() as tx:
        await tx.execute(text("DELETE FROM commits WHERE NOT (sha = ANY(:kept))"), {"kept": kept})
        await tx.execute(text("UPDATE repo_states SET total_commits = :count"), {"count": len(kept)})
        if tip is None:
            await tx.execute(text("DELETE FROM repo_refs"))
        else:
            await tx.execute(text("UPDATE repo_refs SET sha = :tip"), {"tip": bytes.fromhex(tip)})


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("moment", range(3))
async def test_a_push_killed_at_any_moment_is_completed_by_the_next(
    tmp_path: Path, moment: int, database: Database
) -> None:
    repository = make_repository(tmp_path / "long", 2_000)
    # Batches of 20, so that there is a middle to be killed in.
    after = random.Random(moment).randrange(1, 1_500)
    await push_and_kill(repository, database, "--batch-size", "20", after=after)
    before = len(await stored(database))
    assert before < 2_000
    [report] = push(repository, "--json").json["repositories"]
    assert (report["exit_code"], report["sent"]) == (0, 2_000 - before)
    assert len(await stored(database)) == 2_000
    assert push(repository, "--json").json["repositories"][0]["state"] == "nothing_new"


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_push_with_a_sentence(tmp_path: Path, number: signal.Signals, code: int) -> None:
    repository = make_repository(tmp_path / "long", 3_000)
    process = subprocess.Popen([*TGL, "push", str(repository), "--batch-size", "1"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "sending" in process.stderr.readline()
    os.kill(process.pid, number)
    said = process.stderr.read()
    assert process.wait() == code
    assert "hint: run it again" in said
    assert "Traceback" not in said
    process.stderr.close()
