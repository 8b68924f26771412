"""Recorded branch tips from the client's side: many of them, unchanged ones, and branches that are gone."""

import shutil
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.command import tgl, tgl_server
from tests.support.faulty import KEY, FaultyServer
from tests.support.histories import add_commits, git, make_repository
from tests.support.pushing import push
from tests.support.servers import RunningServer
from tests.support.world import World, status_of
from tgl_client import Client
from tgl_client.errors import RefusedError
from tgl_client.pushing.recording import FEW_REFS
from tgl_client.terminal.progress import Phase, Progress
from tgl_protocol.refs import refs_digest

MAIN = "refs/heads/main"


def branches(path: Path, count: int, prefix: str = "many") -> None:
    """Many names for the commits of `main`, written as git packs them: git itself would make a file of each first."""
    shas = git(path, "rev-list", "main").split()
    names = sorted(f"refs/heads/{prefix}/{number}" for number in range(count))
    lines = [f"{shas[number % len(shas)]} {name}\n" for number, name in enumerate(names)]
    (path / ".git" / "packed-refs").write_text(f"# pack-refs with: peeled fully-peeled sorted \n{''.join(lines)}")


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("count", [3 * FEW_REFS, pytest.param(190_000, marks=pytest.mark.slow)])
async def test_any_number_of_branches_is_pushed_and_then_known_by_its_digest(
    count: int, repository: Path, api: Api, world: World
) -> None:
    branches(repository, count)
    [report] = push(repository, "--json").json["repositories"]
    assert (report["sent"], report["refs_recorded"]) == (3, count + 1)
    status = await status_of(api, world)
    tips = dict(line.split()[::-1] for line in git(repository, "show-ref").splitlines())
    assert (status["refs_total"], status["refs_digest"]) == (count + 1, refs_digest(tips))
    [again] = push(repository, "--json").json["repositories"]
    assert (again["state"], again["refs_recorded"], again["walked"]) == ("nothing_new", 0, 0)
    add_commits(repository, 1)
    [report] = push(repository, "--json").json["repositories"]
    assert (report["walked"], report["sent"], report["refs_recorded"]) == (1, 1, 1)
    shown = tgl("status", repository).out
    assert f"more; {count + 1:,} of all {count + 1:,} are pushed" in shown
    assert "nothing to push" in shown


async def test_pages_are_read_only_where_tips_have_changed(faulty: FaultyServer, tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "large", 1)
    branches(repository, FEW_REFS + 10)
    faulty.has_pages = True
    async with Client(faulty.url, KEY) as client:
        for pages in (0, 0, 1, 0):
            if pages:  # another machine has pushed
                faulty.refs["refs/heads/theirs"] = git(repository, "rev-parse", "main")
            faulty.requests.clear()
            await client.push(repository, project="demo", repo="first")
            assert faulty.requests.count("GET refs") == pages


@pytest.mark.usefixtures("settings")
async def test_another_clone_reads_what_is_recorded(repository: Path, tmp_path: Path) -> None:
    branches(repository, FEW_REFS + 10)
    push(repository)
    git(tmp_path, "clone", "-q", "--mirror", str(repository), "clone")
    [report] = push(tmp_path / "clone", "--json").json["repositories"]
    assert (report["state"], report["refs_recorded"]) == ("nothing_new", 0)


@pytest.mark.usefixtures("settings")
async def test_a_branch_that_is_gone_is_forgotten_by_who_recorded_it(repository: Path, api: Api, world: World) -> None:
    add_commits(repository, 2, "topic")
    push(repository)
    git(repository, "branch", "-q", "-m", "topic", "renamed")
    assert push(repository, "--branch", "main").code == 0
    assert (await status_of(api, world))["refs"].keys() == {MAIN}
    push(repository)
    assert (await status_of(api, world))["refs"].keys() == {MAIN, "refs/heads/renamed"}


@pytest.mark.usefixtures("settings")
async def test_a_branch_that_lives_on_at_the_remote_is_not_gone(
    repository: Path, tmp_path: Path, api: Api, world: World
) -> None:
    add_commits(repository, 2, "topic")
    git(tmp_path, "clone", "-q", str(repository), "clone")
    clone = tmp_path / "clone"
    git(clone, "branch", "-q", "topic", "origin/topic")
    push(clone)
    git(clone, "branch", "-q", "-D", "topic")
    push(clone)
    assert (await status_of(api, world))["refs"].keys() == {MAIN, "refs/heads/topic"}
    git(clone, "branch", "-q", "-D", "--remotes", "origin/topic")
    push(clone)
    assert (await status_of(api, world))["refs"].keys() == {MAIN}


@pytest.mark.usefixtures("settings")
async def test_branches_of_other_machines_stay(repository: Path, tmp_path: Path, api: Api, world: World) -> None:
    """Those that were never here, and those that another machine has moved since."""
    add_commits(repository, 2, "topic")
    push(repository)
    git(tmp_path, "clone", "-q", "--mirror", str(repository), "theirs")
    theirs = tmp_path / "theirs"
    git(theirs, "branch", "extra", "main")
    git(theirs, "branch", "-f", "topic", "main")
    push(theirs)
    git(repository, "branch", "-q", "-D", "topic")
    push(repository)
    refs = (await status_of(api, world))["refs"]
    assert refs.keys() == {MAIN, "refs/heads/topic", "refs/heads/extra"}


@pytest.mark.usefixtures("settings")
async def test_a_new_clone_in_the_same_place_deletes_nothing(
    repository: Path, tmp_path: Path, api: Api, world: World
) -> None:
    add_commits(repository, 2, "topic")
    for options in ((), ("--branch", "main", "--single-branch")):
        shutil.rmtree(tmp_path / "job", ignore_errors=True)
        git(tmp_path, "clone", "-q", *options, str(repository), "job")
        if not options:
            git(tmp_path / "job", "branch", "-q", "topic", "origin/topic")
        assert push(tmp_path / "job").code == 0
    assert (await status_of(api, world))["refs"].keys() == {MAIN, "refs/heads/topic"}


@pytest.mark.usefixtures("settings")
async def test_a_push_goes_on_without_what_it_remembers(
    repository: Path, tgl_home: Path, api: Api, world: World
) -> None:
    push(repository)
    [kept] = (tgl_home / "state" / "tips").iterdir()
    kept.write_text("no JSON")
    add_commits(repository, 1)
    assert push(repository).code == 0
    assert (await status_of(api, world))["refs"] == {MAIN: git(repository, "rev-parse", "main")}


class Emptying(Progress):
    """Empties the repository on the server when the push has asked what is missing there, and is about to send it."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    def phase(self, phase: Phase, total: int | None = None) -> None:  # noqa: ARG002 -- the base class has it
        if phase is Phase.SENDING:
            assert tgl_server("repos", "empty", "demo", "first", "--yes", DATABASE_URL=self._database_url).code == 0


@pytest.mark.usefixtures("settings")
async def test_an_emptied_repository_is_filled_by_the_next_push(
    repository: Path, server: RunningServer, api: Api, world: World
) -> None:
    """Also one that was emptied during a push, which sent only what was missing before, and so records no tip."""
    assert push(repository).code == 0
    add_commits(repository, 1)
    async with Client(server.url, world.key) as client:
        with pytest.raises(RefusedError, match="deleted during the push"):
            await client.push(repository, project="demo", repo="first", progress=Emptying(server.database_url))
    assert (await status_of(api, world))["refs"] == {}
    [report] = push(repository, "--json").json["repositories"]
    assert (report["already_there"], report["sent"], report["refs_recorded"]) == (1, 3, 1)
