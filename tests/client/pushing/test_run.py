"""A push against the real server: what arrives, and what is sent the next time."""

import subprocess
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.command import tgl
from tests.support.database import scalar
from tests.support.histories import add_commits, git
from tests.support.pushing import push, stored
from tests.support.servers import RunningServer
from tests.support.world import World, status_of
from tgl_client import Client, errors
from tgl_client.pushing.options import PushOptions
from tgl_client.report import PushState
from tgl_server.db.engine import Database


@pytest.mark.usefixtures("settings")
async def test_everything_arrives_and_the_tip_is_recorded(
    repository: Path, api: Api, world: World, database: Database
) -> None:
    done = push(repository)
    assert done.code == 0, done.err
    assert "3 commits walked: 3 sent" in done.out
    status = await status_of(api, world)
    assert await stored(database) == set(git(repository, "rev-list", "main").split())
    assert (status["status"], status["total_commits"]) == ("healthy", 3)
    assert status["refs"] == {"refs/heads/main": git(repository, "rev-parse", "main")}
    assert status["last_ingested_sha"] == git(repository, "rev-parse", "main")
    assert await scalar(database, "SELECT name FROM ref_updates") == "refs/heads/main"


@pytest.mark.usefixtures("settings")
async def test_a_second_push_finds_nothing_new(repository: Path, api: Api, world: World) -> None:
    push(repository)
    runs = (await api.get(f"{world.sync_path}/runs")).json["items"]
    done = push(repository, "--json")
    assert done.json["repositories"][0]["state"] == "nothing_new"
    assert (await api.get(f"{world.sync_path}/runs")).json["items"] == runs


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
    status = await status_of(api, world)
    assert status["refs"] == {"refs/heads/main": git(repository, "rev-parse", "main")}
    assert status["total_commits"] == 4


@pytest.mark.usefixtures("settings")
def test_a_second_clone_has_nothing_to_send(repository: Path, tmp_path: Path) -> None:
    push(repository)
    subprocess.run(["git", "clone", "-q", str(repository), str(tmp_path / "clone")], check=True)
    [report] = push(tmp_path / "clone", "--json").json["repositories"]
    assert report["state"] == "nothing_new"


@pytest.mark.usefixtures("settings")
async def test_since_sends_the_newer_part_and_records_no_tip(repository: Path, api: Api, world: World) -> None:
    newest = git(repository, "log", "-1", "--format=%cI", "main")
    [report] = push(repository, "--since", newest, "--json").json["repositories"]
    assert report["sent"] == 1
    assert (await status_of(api, world))["refs"] == {}
    [report] = push(repository, "--json").json["repositories"]
    assert (report["already_there"], report["sent"]) == (1, 2)


@pytest.mark.usefixtures("settings")
async def test_only_the_branches_asked_for_are_pushed(repository: Path, api: Api, world: World) -> None:
    add_commits(repository, 2, "topic/a")
    assert push(repository, "--branch", "topic/*").code == 0
    assert list((await status_of(api, world))["refs"]) == ["refs/heads/topic/a"]


@pytest.mark.usefixtures("settings")
def test_a_shallow_clone_skips_its_boundary_and_says_so(repository: Path, tmp_path: Path) -> None:
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


async def test_the_library_raises_what_the_command_says(server: RunningServer, world: World, repository: Path) -> None:
    async with Client(server.url, world.key) as client:
        with pytest.raises(errors.UnknownTargetError) as caught:
            await client.push(repository, project=world.project, repo="nowhere")
        assert caught.value.exit_code == 2
        report = await client.push(
            repository, project=world.project, repo=world.repo, options=PushOptions(batch_size=1)
        )
    assert (report.state, report.sent) == (PushState.PUSHED, 3)
