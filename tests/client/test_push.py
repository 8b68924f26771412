"""`tgl push` against the real server, in the situations that break tools with local state."""

import asyncio
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.api import Api
from tests.client.command import TGL, Done, tgl
from tests.client.histories import add_commits, git, make_repository
from tests.server.operations.waiting import execute
from tests.servers import RunningServer
from tests.world import World
from tgl_client import Client, errors
from tgl_client.push import PushOptions
from tgl_client.report import PushState
from tgl_server.db.engine import Database


@pytest.fixture
def settings(server: RunningServer, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a user who pushes to the world's repository."""
    for name, value in {
        "TGL_URL": server.url,
        "TGL_API_KEY": world.key,
        "TGL_PROJECT": world.project,
        "TGL_REPO": world.repo,
    }.items():
        monkeypatch.setenv(name, value)


def push(path: Path, *args: object) -> Done:
    return tgl("push", path, *args)


async def stored(database: Database) -> set[str]:
    async with database.statements() as connection:
        return {sha.hex() for sha in await connection.scalars(text("SELECT sha FROM commits"))}


async def remote_status(api: Api, world: World) -> dict[str, object]:
    answer = await api.get(f"{world.sync_path}/status")
    assert answer.status == 200
    return dict(answer.json)


@pytest.mark.usefixtures("settings")
async def test_everything_arrives_and_the_tip_is_recorded(
    repository: Path, api: Api, world: World, database: Database
) -> None:
    done = push(repository)
    assert done.code == 0, done.err
    assert "3 commits walked: 3 sent" in done.out
    status = await remote_status(api, world)
    assert await stored(database) == set(git(repository, "rev-list", "main").split())
    assert (status["status"], status["total_commits"]) == ("healthy", 3)
    assert status["refs"] == {"refs/heads/main": git(repository, "rev-parse", "main")}
    assert status["last_ingested_sha"] == git(repository, "rev-parse", "main")


@pytest.mark.usefixtures("settings")
async def test_a_second_push_finds_nothing_new(repository: Path, api: Api, world: World) -> None:
    push(repository)
    runs = (await api.get(f"{world.sync_path}/runs")).json["items"]
    done = push(repository, "--json")
    assert done.json["repositories"][0]["state"] == "nothing_new"
    assert (await api.get(f"{world.sync_path}/runs")).json["items"] == runs


@pytest.mark.usefixtures("settings")
async def test_after_a_push_that_was_killed_before_it_recorded_its_tips_the_next_one_heals(
    repository: Path, api: Api, world: World, database: Database
) -> None:
    push(repository)
    await execute(database, "DELETE FROM repo_refs")
    await execute(database, "UPDATE sync_runs SET state = 'running', finished_at = NULL")
    await execute(database, "UPDATE repos SET sync_status = 'syncing'")
    assert push(repository).code == 0
    assert (await remote_status(api, world))["status"] == "healthy"


@pytest.mark.usefixtures("settings")
async def test_an_interruption_is_forgotten_when_a_push_finds_nothing_new(
    repository: Path, api: Api, world: World, database: Database
) -> None:
    push(repository)
    await execute(database, "UPDATE repos SET sync_status = 'error', error_message = 'The last push was interrupted'")
    assert push(repository).code == 0
    status = await remote_status(api, world)
    assert (status["status"], status["error_message"]) == ("healthy", None)


@pytest.mark.usefixtures("settings")
def test_only_what_is_new_is_sent(repository: Path) -> None:
    push(repository)
    add_commits(repository, 2)
    [report] = push(repository, "--json").json["repositories"]
    assert (report["walked"], report["sent"]) == (2, 2)


@pytest.mark.usefixtures("settings")
async def test_a_force_push_sends_the_rewritten_commits(repository: Path, api: Api, world: World) -> None:
    push(repository)
    git(repository, "-c", "user.name=Bo", "-c", "user.email=b@x", "commit", "-q", "--amend", "--allow-empty", "-m", "x")
    [report] = push(repository, "--json").json["repositories"]
    assert (report["walked"], report["sent"]) == (1, 1)
    status = await remote_status(api, world)
    assert status["refs"] == {"refs/heads/main": git(repository, "rev-parse", "main")}
    assert status["total_commits"] == 4


@pytest.mark.usefixtures("settings")
def test_a_second_clone_has_nothing_to_send(repository: Path, tmp_path: Path) -> None:
    push(repository)
    subprocess.run(["git", "clone", "-q", str(repository), str(tmp_path / "clone")], check=True)
    [report] = push(tmp_path / "clone", "--json").json["repositories"]
    assert report["state"] == "nothing_new"


@pytest.mark.usefixtures("settings")
async def test_a_server_restored_from_an_older_backup_gets_what_it_lacks(repository: Path, database: Database) -> None:
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
        await tx.execute(text("UPDATE repos SET total_commits = :count"), {"count": len(kept)})
        if tip is None:
            await tx.execute(text("DELETE FROM repo_refs"))
        else:
            await tx.execute(text("UPDATE repo_refs SET sha = :tip"), {"tip": bytes.fromhex(tip)})


@pytest.mark.usefixtures("settings")
async def test_since_sends_the_newer_part_and_records_no_tip(repository: Path, api: Api, world: World) -> None:
    newest = git(repository, "log", "-1", "--format=%cI", "main")
    [report] = push(repository, "--since", newest, "--json").json["repositories"]
    assert report["sent"] == 1
    assert (await remote_status(api, world))["refs"] == {}
    [report] = push(repository, "--json").json["repositories"]
    assert (report["already_there"], report["sent"]) == (1, 2)


@pytest.mark.usefixtures("settings")
async def test_only_the_branches_asked_for_are_pushed(repository: Path, api: Api, world: World) -> None:
    add_commits(repository, 2, "topic/a")
    assert push(repository, "--branch", "topic/*").code == 0
    assert list((await remote_status(api, world))["refs"]) == ["refs/heads/topic/a"]  # type: ignore[call-overload]


@pytest.mark.usefixtures("settings")
def test_a_shallow_clone_holds_its_boundary_back_and_says_so(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "2", f"file://{repository}", str(clone)], check=True)
    done = push(clone, "--json")
    [report] = done.json["repositories"]
    assert (report["walked"], report["sent"], report["held_back"]) == (2, 1, 1)
    assert "git fetch --unshallow" in done.err
    git(clone, "fetch", "-q", "--unshallow")
    [report] = push(clone, "--json").json["repositories"]
    assert (report["already_there"], report["sent"]) == (1, 2)


@pytest.mark.usefixtures("settings")
def test_a_clone_of_depth_one_pushes_nothing_and_fails(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{repository}", str(clone)], check=True)
    done = push(clone, "--json")
    assert (done.code, done.json["repositories"][0]["state"]) == (1, "incomplete")


@pytest.mark.usefixtures("settings")
def test_a_dry_run_sends_nothing(repository: Path) -> None:
    assert push(repository, "--dry-run").out == "demo/first: 3 commits would be sent\n"
    lines = push(repository, "--dry-run", "--full").out.splitlines()
    assert len(lines) == 3
    assert '"message_title":"Change 0"' in lines[0]
    assert push(repository, "--json").json["repositories"][0]["sent"] == 3


@pytest.mark.usefixtures("settings")
def test_the_last_sha_is_the_last_in_order_with_many_batches(repository: Path) -> None:
    add_commits(repository, 40)
    [report] = push(repository, "--batch-size", "3", "--json").json["repositories"]
    assert report["sent"] == 43
    seen = tgl("status", repository, "--json").json["repositories"][0]["inspection"]["status"]
    assert seen["last_ingested_sha"] == git(repository, "rev-parse", "main")


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("moment", range(3))
async def test_a_push_killed_at_any_moment_is_completed_by_the_next(
    tmp_path: Path, moment: int, database: Database
) -> None:
    repository = make_repository(tmp_path / "long", 2_000)
    await _push_and_kill(repository, database, after=random.Random(moment).randrange(1, 1_500))
    before = len(await stored(database))
    assert before < 2_000
    [report] = push(repository, "--json").json["repositories"]
    assert (report["exit_code"], report["sent"]) == (0, 2_000 - before)
    assert len(await stored(database)) == 2_000
    assert push(repository, "--json").json["repositories"][0]["state"] == "nothing_new"


async def _push_and_kill(repository: Path, database: Database, after: int) -> None:
    """kill -9 once the server has so many commits; batches of 20, so that there is a middle to be killed in."""
    victim = await asyncio.create_subprocess_exec(*TGL, "push", str(repository), "--batch-size", "20", "-q")
    while len(await stored(database)) < after:
        assert victim.returncode is None
        await asyncio.sleep(0.01)
    victim.kill()
    await victim.wait()
    await _settled(database)


async def _settled(database: Database) -> None:
    """Until the server has finished the requests that the dead client left."""
    count = -1
    while count != (count := len(await stored(database))):  # noqa: ASYNC110 -- the server tells nobody
        await asyncio.sleep(0.1)


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


async def test_the_library_raises_what_the_command_says(server: RunningServer, world: World, repository: Path) -> None:
    async with Client(server.url, world.key) as client:
        with pytest.raises(errors.UnknownTargetError) as caught:
            await client.push(repository, project=world.project, repo="nowhere")
        assert caught.value.exit_code == 2
        report = await client.push(
            repository, project=world.project, repo=world.repo, options=PushOptions(batch_size=1)
        )
    assert (report.state, report.sent) == (PushState.PUSHED, 3)
