"""Hints name what is wrong and what helps, for whoever meets them: the key, the account, the network, the address."""

import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import tgl
from tests.support.faulty import KEY
from tests.support.hashing import quick_argon2
from tests.support.world import World, add_project
from tgl_protocol.projects import MemberRole, NewMember
from tgl_server.access.ids import ProjectId
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.api_keys.service import create_key
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Scope
from tgl_server.db.engine import Database
from tgl_server.projects.members import add_member

NOWHERE = {"TGL_URL": "http://127.0.0.1:9", "TGL_API_KEY": KEY, "TGL_PROJECT": "p", "TGL_REPO": "r"}

MakeKey = Callable[..., Awaitable[str]]


@pytest.fixture
def make_key(database: Database, world: World, settings: None) -> MakeKey:
    """Makes a key of the world's user, with restrictions."""

    async def make(**restrictions: Any) -> str:
        async with database.transaction() as tx:
            with quick_argon2() as argon2:
                return (await create_key(tx, argon2, world.user_id, "restricted", **restrictions))[1].full_key

    return make


@pytest.mark.parametrize("command", ["push", "status", "test", "projects"])
async def test_a_key_that_is_used_from_another_network_is_told_so(
    make_key: MakeKey, repository: Path, command: str
) -> None:
    key = await make_key(networks=["192.0.2.0/24"])
    done = tgl(command, cwd=repository, TGL_API_KEY=key)
    said = done.out + done.err
    assert (done.code, "may not be used from this network" in said, "scope" in said) == (3, True, False)
    assert "shows the networks that it may be used from" in said


async def test_a_key_without_the_scope_is_told_so(make_key: MakeKey, repository: Path) -> None:
    done = tgl("push", repository, TGL_API_KEY=await make_key(scopes=[Scope.READ_REPOS]))
    assert (done.code, "does not have the scope" in done.err) == (3, True)
    assert "hint: create one with the scopes sync:commits and read:repos at " in done.err


async def test_a_restricted_key_is_not_advised_to_register_what_is_hidden_from_it(
    make_key: MakeKey, world: World, repository: Path
) -> None:
    key = await make_key(repo_ids=[world.repo_id])
    done = tgl("push", repository, "--repo", "alpha", TGL_API_KEY=key)
    assert "hint: this key is restricted to some repositories; there are: first; " in done.err
    assert (done.code, "--register" in done.err) == (2, False)


@pytest.mark.usefixtures("settings")
async def test_the_owner_of_an_empty_project_is_told_how_to_add_a_repository(
    world: World, database: Database, repository: Path
) -> None:
    await add_project(database, world, "empty")
    done = tgl("push", repository, "--project", "empty")
    assert "hint: the project has no repository yet; to add it: `tgl init --register`" in done.err
    assert "maintainer" not in done.err


@pytest.fixture
async def member(database: Database, world: World, settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a member of the project, who reads and does not push."""
    async with database.transaction() as tx:
        user = await create_user(tx, "second@example.com", role=Role.PLAYER)
        await add_member(tx, ProjectId(world.project_id), NewMember(user_id=user.id, role=MemberRole.MEMBER), Actor())
        with quick_argon2() as argon2:
            _, key = await create_key(tx, argon2, user.id, "laptop")
    monkeypatch.setenv("TGL_API_KEY", key.full_key)


@pytest.mark.usefixtures("member")
def test_a_member_is_not_advised_to_do_what_they_may_not(repository: Path) -> None:
    done = tgl("push", repository, "--repo", "other")
    assert ("to add it" in done.err, "--register" in done.err) == (True, False)
    tgl("init", cwd=repository)
    registered = tgl("init", "--register", cwd=repository)
    assert (registered.code, "is registered already" in registered.out, "next:" in registered.out) == (3, True, False)
    assert "warning: demo/first cannot be pushed to: you may not push to the project demo" in registered.err


def test_the_hint_without_a_key_names_the_server(repository: Path) -> None:
    done = tgl("push", "--url", "http://127.0.0.1:9", cwd=repository)
    assert (done.code, "hint: `tgl login http://127.0.0.1:9`, or set TGL_API_KEY" in done.err) == (2, True)


def test_a_folder_that_is_no_repository_is_told_before_what_is_not_known_of_it(tmp_path: Path) -> None:
    done = tgl("push", cwd=tmp_path, **{**NOWHERE, "TGL_PROJECT": ""})
    assert (done.code, "which project" in done.err, "not a Git repository" in done.err) == (2, False, True)


@pytest.mark.parametrize("command", ["projects", "push"])
def test_only_a_push_that_sent_something_continues_where_it_stopped(repository: Path, command: str) -> None:
    done = tgl(command, cwd=repository, **NOWHERE, TGL_MAX_RETRIES="1")
    assert (done.code, "continues" in done.err, "then run it again" in done.err) == (4, False, True)


def test_a_command_that_somebody_waits_for_says_how_long_it_tries(repository: Path) -> None:
    done = tgl("projects", cwd=repository, **NOWHERE)
    assert (done.code, done.err.count("hint: it gives up after 10 s; Ctrl-C ends it now")) == (4, 1)


def test_a_time_limit_without_a_network_is_the_networks_failure(repository: Path) -> None:
    done = tgl("push", "--timeout", "2", cwd=repository, **NOWHERE)
    assert done.code == 4
    assert "error: the time limit was over before everything was pushed: no connection to 127.0.0.1:9" in done.err


@pytest.mark.usefixtures("settings")
def test_a_time_limit_that_a_remote_used_up_is_the_networks_failure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        remote = f"http://127.0.0.1:{silent.getsockname()[1]}/app.git"
        (tmp_path / "repos.yaml").write_text(
            f"projects: [{{name: demo, repos: [{{git_url: '{remote}', repo_id: first}}]}}]"
        )
        done = tgl("push", "--timeout", "4", cwd=tmp_path)
    assert (done.code, f"fetching {remote} had not ended" in done.err) == (4, True)
