"""A whole project from the command line alone: accounts, members, repositories, restricted keys, and lists of them."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.command import Run
from tests.support.commits import batch, commit
from tests.support.database import rows
from tests.support.servers import RunningServer
from tgl_server.cli import pages
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

BOSS, ADA, MIA = "boss@example.com", "ada@example.com", "mia@example.com"

Say = Callable[..., str]


@pytest.fixture
def say(run: Run, database_url: str) -> Say:
    """A command that succeeds: what it printed."""

    def say(*arguments: str) -> str:
        status, said = run(*arguments, DATABASE_URL=database_url)
        assert status == 0, said
        return said

    return say


@pytest.fixture
def team(say: Say) -> Say:
    """With the project `team` of the boss, whose repositories are `git` and `linux`, and two more accounts."""
    for email, role in ((BOSS, "commissioner"), (ADA, "player"), (MIA, "spectator")):
        say("users", "create", email, "--role", role, "--name", email.partition("@")[0].title())
    say("projects", "create", "team", "--owner", BOSS)
    for name in ("linux", "git"):
        say("repos", "create", "team", name)
    return say


def listed(said: str) -> list[list[str]]:
    """The cells of a printed list."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in said.splitlines()]


def test_members_are_added_changed_listed_and_removed(team: Say, database_url: str) -> None:
    assert team("members", "add", "team", ADA, "--role", "maintainer") == f"{ADA} is a maintainer of team\n"
    team("members", "add", "team", MIA)
    assert listed(team("members", "list", "team")) == [
        ["owner", BOSS, "Boss"],
        ["maintainer", ADA, "Ada"],
        ["member", MIA, "Mia"],
    ]
    team("members", "role", "team", ADA, "member")
    team("members", "remove", "team", MIA)
    team("users", "retire", ADA)
    document = json.loads(team("members", "list", "team", "--json"))
    assert document["owner"]["email"] == BOSS
    assert [(each["email"], each["role"], each["is_active"]) for each in document["members"]] == [
        (ADA, "member", False)
    ]
    assert listed(team("members", "list", "team"))[1] == ["member", ADA, "Ada", "retired"]
    acts = "SELECT action FROM audit_logs WHERE action LIKE 'member:%' AND actor_user_id IS NULL ORDER BY id"
    assert asked(database_url, acts) == [("member:added",), ("member:added",), ("member:changed",), ("member:removed",)]


def test_projects_and_repositories_are_listed(team: Say, database_url: str) -> None:
    team("projects", "create", "other", "--owner", ADA, "--name", "The others")
    assert listed(team("projects", "list")) == [
        ["other", "repositories 0", "commits 0", "of Ada"],
        ["team", "repositories 2", "commits 0", "of Boss"],
    ]
    asked(database_url, "UPDATE repos SET sync_method = 'pull_celery' WHERE name = 'git' RETURNING name")
    assert [row[:4] for row in listed(team("repos", "list", "team"))] == [
        ["git", "pending", "commits 0", "no pull yet"],
        ["linux", "pending", "commits 0", "no push yet"],
    ]
    assert team("repos", "list", "other") == ""
    projects = json.loads(team("projects", "list", "--json"))["projects"]
    assert [(each["name"], each["owner_name"]) for each in projects] == [("The others", "Ada"), ("team", "Boss")]
    assert [each["name"] for each in json.loads(team("repos", "list", "team", "--json"))["repos"]] == ["git", "linux"]
    assert [each["email"] for each in json.loads(team("users", "list", "--json"))["users"]] == [MIA, ADA, BOSS]


def test_a_long_list_is_read_to_its_end(team: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("listing", "members", "users", "keys"):
        monkeypatch.setattr(f"tgl_server.cli.{module}.PAGE", 1)
    team("members", "add", "team", ADA)
    team("members", "add", "team", MIA)
    for _ in range(3):
        team("keys", "create", BOSS)
    lengths = [len(team(*arguments).splitlines()) for arguments in (
        ("repos", "list", "team"), ("members", "list", "team"), ("users", "list"), ("keys", "list", BOSS)
    )]  # fmt: skip
    assert lengths == [2, 3, 3, 3]
    assert pages.PAGE > 1


def test_keys_are_listed_with_state_expiry_and_restrictions(team: Say) -> None:
    team("keys", "create", BOSS, "--name", "plain", "--scope", "read:repos")
    restricted = ("--expires-in-days", "3", "--repo", "team/git", "--network", "10.0.0.0/8")
    team("keys", "create", BOSS, "--name", "bound", *restricted)
    bound, plain = listed(team("keys", "list", BOSS))
    unused = "used 0 times, last never"
    assert plain[1:4] == ["active", "read:repos", "never expires"]
    assert plain[4:] == ["all repositories", "all networks", unused, "plain"]
    assert bound[3].startswith("expires 20")
    assert bound[4:6] == ["repositories 1", "10.0.0.0/8"]
    team("keys", "revoke", bound[0])
    document = json.loads(team("keys", "list", BOSS, "--json"))["keys"]
    assert [(each["name"], each["state"]) for each in document] == [("bound", "revoked"), ("plain", "active")]
    assert "key_hash" not in document[0]


def test_a_key_from_the_command_line_pushes_where_it_may(team: Say, server: RunningServer) -> None:
    key = team("keys", "create", BOSS, "--repo", "team/git", "--network", "127.0.0.1", "--network", "::1").strip()
    away = team("keys", "create", BOSS, "--network", "203.0.113.0/24").strip()
    assert asyncio.run(pushed(server, key, "git")) == 201
    assert asyncio.run(pushed(server, key, "linux")) == 404
    assert asyncio.run(pushed(server, away, "git")) == 403


async def pushed(server: RunningServer, key: str, repo: str) -> int:
    async with Api(server.url, key) as api:
        return (await api.post(f"/api/v1/sync/projects/team/repos/{repo}/commits", batch(commit()))).status


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("members", "add", "none", ADA), "there is no project none"),
        (("members", "add", "team", "no@body.example"), "there is no account no@body.example"),
        (("members", "add", "team", BOSS), "owns the project"),
        (("members", "role", "team", ADA, "member"), "not a member"),
        (("members", "remove", "team", ADA), "not a member"),
        (("members", "role", "team", BOSS, "member"), "owns the project"),
        (("members", "remove", "team", BOSS), "owns the project"),
        (("members", "list", "\udcff"), "there is no project"),
        (("repos", "list", "none"), "there is no project none"),
        (("keys", "create", BOSS, "--repo", "git"), "--repo git is not PROJECT/NAME"),
        (("keys", "create", BOSS, "--repo", "team/none"), "has no repository none"),
        (("keys", "create", BOSS, "--repo", "team/\udcff"), "has no repository"),
        (("keys", "create", BOSS, "--repo", "none/git"), "there is no project none"),
        (("keys", "create", ADA, "--repo", "team/git"), "ada@example.com does not see all of team/git"),
        (("keys", "create", BOSS, "--network", "10.0.0.1/8"), "networks[0]: Expected a network"),
    ],
)
def test_what_cannot_be_done_says_why(team: Say, run: Run, arguments: tuple[str, ...], reason: str) -> None:
    del team
    status, said = run(*arguments)
    assert (status, said.count("\n")) == (1, 0)
    assert reason in said


def test_only_an_active_account_is_added(team: Say, run: Run) -> None:
    team("users", "retire", ADA)
    status, said = run("members", "add", "team", ADA)
    assert status == 1
    assert f"{ADA} is retired; `tgl-server users approve {ADA}`" in said


def asked(database_url: str, query: str) -> list[Any]:
    async def ask() -> list[Any]:
        database = Database(Settings(database_url=database_url))
        found = await rows(database, query)
        await database.close()
        return found

    return asyncio.run(ask())
