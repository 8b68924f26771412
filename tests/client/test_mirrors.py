"""Repositories given by `git_url`: fetched with credentials that nobody sees, and clear about each failure."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from tests.client.command import tgl
from tests.client.histories import add_commits, git, make_repository
from tests.servers import RunningServer
from tests.world import World
from tgl_client.history.mirror import (
    MirrorFailed,
    Remote,
    RemoteNotFound,
    RemoteRefused,
    RemoteUnreachable,
    UnknownHostKey,
    update_mirror,
)

PASSWORD = "p4ss word$(x)"


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[str]:
    """A forge that wants a password, with one repository."""
    make_repository(tmp_path / "source", 3)
    bare = tmp_path / "forge" / "app.git"
    git(tmp_path, "clone", "-q", "--bare", str(tmp_path / "source"), str(bare))
    git(bare, "update-server-info")
    expected = "Basic " + base64.b64encode(f"reader:{PASSWORD}".encode()).decode()

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Authorization") != expected:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="forge"'})
        return await handler(request)

    app = web.Application(middlewares=[authenticate])
    app.router.add_static("/", tmp_path / "forge")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_password_opens_the_forge_and_is_stored_nowhere(forge: str, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    await update_mirror(Remote(url=f"{forge}/app.git", username="reader", password=PASSWORD), mirror)
    assert git(mirror, "rev-list", "--count", "main") == "3"
    everything = b"".join(file.read_bytes() for file in mirror.rglob("*") if file.is_file())
    assert PASSWORD.encode() not in everything
    assert forge.encode() not in everything


@pytest.mark.parametrize("password", [None, "wrong"])
async def test_a_refused_password_is_said_so(forge: str, tmp_path: Path, password: str | None) -> None:
    with pytest.raises(RemoteRefused, match="refused the credentials"):
        await update_mirror(Remote(url=f"{forge}/app.git", username="reader", password=password), tmp_path / "m")


async def test_a_repository_that_the_forge_does_not_have(forge: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteNotFound):
        await update_mirror(Remote(url=f"{forge}/none.git", username="reader", password=PASSWORD), tmp_path / "m")


async def test_no_network_is_told_from_no_rights(tmp_path: Path) -> None:
    with pytest.raises(RemoteUnreachable):
        await update_mirror(Remote(url="http://127.0.0.1:9/app.git"), tmp_path / "m")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Host key verification failed.", UnknownHostKey),
        ("git@forge: Permission denied (publickey).", RemoteRefused),
        ("ssh: Could not resolve hostname forge: Name or service not known", RemoteUnreachable),
        ("ERROR: Repository not found.", RemoteNotFound),
    ],
)
async def test_what_ssh_says_is_understood(tmp_path: Path, words: str, kind: type[MirrorFailed]) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 255\n")
    ssh.chmod(0o755)
    environment = {"PATH": "/usr/bin:/bin", "GIT_SSH_COMMAND": str(ssh), "GIT_SSH_VARIANT": "ssh"}
    with pytest.raises(MirrorFailed) as caught:
        await update_mirror(Remote(url="git@forge:team/app.git"), tmp_path / "m", environment)
    assert type(caught.value) is kind


async def test_a_password_in_the_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MirrorFailed) as caught:
        await update_mirror(Remote(url="https://reader:secret@forge/app.git"), tmp_path / "m")
    assert "secret" not in str(caught.value)


def test_a_remote_is_pushed_through_its_mirror(server: RunningServer, world: World, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", 3)
    (tmp_path / "repos.yaml").write_text(
        f"projects:\n  - project_id: {world.project}\n    repos:\n"
        f"      - git_url: file://{source}\n        repo_id: {world.repo}\n"
    )
    environment = {"TGL_URL": server.url, "TGL_API_KEY": world.key}
    first = tgl("push", "--json", cwd=tmp_path, **environment)
    assert first.json["repositories"][0]["sent"] == 3, first.err
    add_commits(source, 2)
    git(source, "branch", "topic", "main~1")
    second = tgl("push", "--json", cwd=tmp_path, **environment)
    assert (second.json["repositories"][0]["sent"], second.json["repositories"][0]["refs_recorded"]) == (2, 2)


def test_a_remote_without_its_password_names_the_variable(server: RunningServer, world: World, tmp_path: Path) -> None:
    (tmp_path / "repos.yaml").write_text(
        f"projects:\n  - project_id: {world.project}\n    repos:\n"
        "      - git_url: https://127.0.0.1:9/app.git\n        password_env: APP_TOKEN\n"
    )
    done = tgl("push", cwd=tmp_path, TGL_URL=server.url, TGL_API_KEY=world.key)
    assert (done.code, "APP_TOKEN is not set" in done.err) == (2, True)
