"""Repositories given by `git_url`: fetched with credentials that nobody sees, and clear about each failure."""

import asyncio
import base64
import os
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from tests.support.histories import add_commits, git, make_repository
from tgl_history import mirror, open_repository
from tgl_history.mirror import (
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
    folder = tmp_path / "mirror"
    await update_mirror(Remote(url=f"{forge}/app.git", username="reader", password=PASSWORD), folder)
    assert git(folder, "rev-list", "--count", "main") == "3"
    everything = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
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
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @", UnknownHostKey),
        ("fatal: unable to access: The requested URL returned error: 403", RemoteRefused),
        ("fatal: unable to access: The requested URL returned error: 503", RemoteUnreachable),
        ("fatal: unable to access: server certificate verification failed", RemoteUnreachable),
        ("fatal: mismatched algorithms: client sha1; server sha256", MirrorFailed),
        ("fatal: write error: No space left on device", MirrorFailed),
        ("fatal: something else", MirrorFailed),
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


async def test_a_mirror_is_updated_where_git_wants_bare_repositories_to_be_named(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", 3)
    (tmp_path / ".gitconfig").write_text("[safe]\n\tbareRepository = explicit\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    folder = tmp_path / "mirror"
    await update_mirror(Remote(url=source.as_uri()), folder, environment)
    add_commits(source, 2)
    await update_mirror(Remote(url=source.as_uri()), folder, environment)
    with open_repository(folder) as repository:
        assert repository.tips() == {"refs/heads/main": git(source, "rev-parse", "main")}
        assert len(list(repository.commits(repository.walk(repository.tips().values()).shas))) == 5


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        (None, ["ssh", "-i", "{key}", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20"]),
        ("ssh -F other -i theirs", ["ssh", "-i", "{key}", "-o", "IdentitiesOnly=yes", "-F", "other", "-i", "theirs"]),
        ("/opt/wrapped --fast", ["/opt/wrapped", "--fast", "-i", "{key}", "-o", "IdentitiesOnly=yes"]),
    ],
)
def test_the_key_of_the_repository_comes_before_the_users_own(
    tmp_path: Path, users: str | None, expected: list[str]
) -> None:
    key = tmp_path / "a key"
    environ = {"GIT_SSH_COMMAND": users} if users else {}
    command = mirror.environment(Remote(url="git@forge:app.git", ssh_key=key), environ)["GIT_SSH_COMMAND"]
    assert shlex.split(command) == [each.format(key=key) for each in expected]


async def test_ssh_is_given_the_key_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$*" >{tmp_path}/said\nexit 255\n')
    ssh.chmod(0o755)
    environment = {"PATH": "/usr/bin:/bin", "GIT_SSH_COMMAND": f"{ssh} -v", "GIT_SSH_VARIANT": "ssh"}
    with pytest.raises(MirrorFailed):
        await update_mirror(Remote(url="git@forge:app.git", ssh_key=tmp_path / "key"), tmp_path / "m", environment)
    assert (tmp_path / "said").read_text().startswith(f"-i {tmp_path}/key -o IdentitiesOnly=yes -v ")


async def test_no_hook_of_the_user_is_run_for_a_mirror(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", 1)
    hook = tmp_path / "hooks" / "reference-transaction"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    hook.chmod(0o755)
    (tmp_path / ".gitconfig").write_text(f"[core]\n\thooksPath = {hook.parent}\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    await update_mirror(Remote(url=source.as_uri()), tmp_path / "mirror", environment)
    assert git(tmp_path / "mirror", "rev-parse", "main") == git(source, "rev-parse", "main")
    assert not (tmp_path / "was-run").exists()


async def test_fetching_from_a_silent_remote_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    connected = asyncio.Event()
    gone = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        while await reader.read(4096):
            pass
        gone.set()  # also the helper that git has started for the connection
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        remote = Remote(url=f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/app.git")
        fetching = asyncio.ensure_future(update_mirror(remote, tmp_path, os.environ))
        async with asyncio.timeout(30):
            await connected.wait()
            fetching.cancel()
            with pytest.raises(asyncio.CancelledError):
                await fetching
            await gone.wait()
