"""`tgl hook`: existing hooks stay, commits neither wait nor fail, and the push arrives."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.client.command import tgl
from tests.client.histories import git
from tests.servers import RunningServer
from tests.world import World
from tgl_client import Client
from tgl_client.errors import UsageError
from tgl_client.hooks import EVENTS, with_block, without_block


@pytest.mark.parametrize(
    "script", ["#!/bin/sh\nexit 0\n", "#!/usr/bin/env bash\nexec other", "echo hello\n", "#!/bin/sh\n"]
)
def test_other_lines_of_a_hook_survive(script: str) -> None:
    installed = with_block(script, "/opt/my tools/tgl")
    assert installed.index("hook run") < (installed.find("ex") if "ex" in script else len(installed))
    assert with_block(installed, "/opt/my tools/tgl") == installed
    assert without_block(installed).rstrip("\n") == script.rstrip("\n")


def test_a_hook_that_is_no_shell_script_is_left_alone(repository: Path) -> None:
    with pytest.raises(UsageError):
        with_block("#!/usr/bin/python3\n", "tgl")
    hook = repository / ".git" / "hooks" / "post-merge"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/usr/bin/env python3\n")
    done = tgl("hook", "install", repository)
    assert (done.code, "was not changed" in done.err) == (2, True)
    assert not (hook.parent / "post-commit").exists()


def test_installing_and_uninstalling_leaves_nothing_behind(repository: Path) -> None:
    folder = repository / ".git" / "hooks"
    before = sorted(folder.iterdir()) if folder.exists() else []
    assert len(tgl("hook", "install", repository, "--json").json["changed"]) == len(EVENTS)
    assert tgl("hook", "uninstall", repository).out.count("removed from") == len(EVENTS)
    assert sorted(folder.iterdir()) == before
    assert tgl("hook", "uninstall", repository).out == "nothing to do\n"


def test_a_hooks_folder_inside_the_repository_is_respected(repository: Path) -> None:
    git(repository, "config", "core.hooksPath", ".githooks")
    tgl("hook", "install", repository)
    assert (repository / ".githooks" / "post-commit").stat().st_mode & 0o111


def test_a_shared_hooks_folder_is_not_touched(repository: Path, tmp_path: Path) -> None:
    git(repository, "config", "core.hooksPath", str(tmp_path / "shared"))
    done = tgl("hook", "install", repository)
    assert (done.code, "may share" in done.err) == (2, True)
    assert not (tmp_path / "shared").exists()


async def test_a_commit_is_pushed_in_the_background(
    server: RunningServer, world: World, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"URL": server.url, "API_KEY": world.key, "PROJECT": world.project, "REPO": world.repo}.items():
        monkeypatch.setenv(f"TGL_{name}", value)
    git(repository, "reset", "-q", "--hard")
    tgl("hook", "install", repository)
    await asyncio.to_thread(_commit, repository)
    tip = git(repository, "rev-parse", "main")
    async with Client(server.url, world.key) as client, asyncio.timeout(30):
        while (await client.status(world.project, world.repo)).refs.get("refs/heads/main") != tip:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def test_a_commit_succeeds_without_server_and_says_nothing(
    repository: Path, tgl_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository, "reset", "-q", "--hard")
    tgl("hook", "install", repository)
    done = _commit(repository)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_the_problems_of_a_hook_are_in_its_log(repository: Path, tgl_home: Path) -> None:
    done = tgl("hook", "run", repository)
    assert (done.code, done.out, done.err) == (2, "", "")
    assert "error: no server is named" in (tgl_home / "state" / "hook.log").read_text()


def _commit(repository: Path) -> subprocess.CompletedProcess[bytes]:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    command = ["git", "-C", str(repository), *who, "commit", "-q", "--allow-empty", "-m", "One more"]
    return subprocess.run(command, capture_output=True, check=True)
