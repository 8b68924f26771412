"""`tgl projects` and `tgl repos` list what the key sees; who cannot push is told what exactly is wrong."""

from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.hashing import quick_argon2
from tests.support.servers import RunningServer
from tests.support.world import World, add_project
from tgl_protocol.projects import MemberRole, NewMember
from tgl_server.access.ids import ProjectId
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.api_keys.service import create_key
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.projects.members import add_member


@pytest.fixture
async def reader(
    database: Database, world: World, server: RunningServer, settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment of a member of the project, who reads and does not push."""
    async with database.transaction() as tx:
        user = await create_user(tx, "second@example.com", role=Role.PLAYER)
        await add_member(tx, ProjectId(world.project_id), NewMember(user_id=user.id, role=MemberRole.MEMBER), Actor())
        with quick_argon2() as argon2:
            _, key = await create_key(tx, argon2, user.id, "laptop")
    monkeypatch.setenv("TGL_API_KEY", key.full_key)


@pytest.mark.usefixtures("settings")
async def test_projects_are_listed_with_the_role(world: World, database: Database) -> None:
    await add_project(database, world, "other", "a", "b")
    assert tgl("projects").out.splitlines() == [
        "demo   owner  1 repository    0 commits  Demo",
        "other  owner  2 repositories  0 commits  Other",
    ]
    assert [each["slug"] for each in tgl("projects", "--json").json["projects"]] == ["demo", "other"]


@pytest.mark.usefixtures("settings")
async def test_repositories_are_listed_of_one_project_or_of_all(
    world: World, database: Database, repository: Path
) -> None:
    await add_project(database, world, "other", "a", "b")
    assert tgl("push", repository).code == 0
    assert [line.split()[0] for line in tgl("repos").out.splitlines()] == ["demo/first", "other/a", "other/b"]
    assert [line.split()[0] for line in tgl("repos", "-p", "other").out.splitlines()] == ["other/a", "other/b"]
    pushed = tgl("repos", "-p", "demo").out
    assert ("3 commits" in pushed, "pushed 1 s ago" in pushed or " ago" in pushed) == (True, True)
    assert len(tgl("repos", "--json").json["repositories"]) == 3
    wrong = tgl("repos", "-p", "otter")
    assert (wrong.code, "did you mean other?" in wrong.err) == (2, True)


@pytest.mark.usefixtures("settings")
async def test_more_than_a_page_is_listed_whole(world: World, database: Database) -> None:
    await add_project(database, world, "wide", *(f"r{number:03}" for number in range(205)))
    assert len(tgl("repos", "-p", "wide").out.splitlines()) == 205


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", ["push", "status", "test"])
async def test_a_wrong_project_a_wrong_repository_and_a_missing_right_read_differently(
    world: World, database: Database, repository: Path, command: str
) -> None:
    await add_project(database, world, "platform", "api", "web")
    project = tgl(command, repository, "--project", "platfrom", "--repo", "api")
    repo = tgl(command, repository, "--project", "platform", "--repo", "wbe")
    for done, sentence, hint in (
        (project, "there is no project 'platfrom' that this key sees", "did you mean platform?"),
        (repo, "the project platform has no repository 'wbe' that this key sees", "did you mean web?"),
    ):
        assert done.code == 2
        assert sentence in done.out + done.err
        assert hint in done.out + done.err


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("command", ["push", "test"])
def test_a_member_who_only_reads_is_told_so(repository: Path, command: str) -> None:
    done = tgl(command, repository)
    assert done.code == 3
    assert "you may not push to the project demo: a member reads" in done.out + done.err
    assert "to make you a maintainer of it" in done.out + done.err


@pytest.mark.usefixtures("reader")
def test_a_member_reads_what_is_there(repository: Path) -> None:
    assert tgl("status", repository).code == 0
    assert tgl("projects").out.startswith("demo  member  1 repository")
