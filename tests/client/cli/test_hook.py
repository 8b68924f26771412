"""`tgl hook install`, `uninstall` and `status`: what others put there stays as it is."""

import shutil
from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.faulty import KEY
from tests.support.histories import git
from tgl_client.hooks import EVENTS


def test_a_hook_that_is_no_shell_script_is_left_alone(repository: Path) -> None:
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


@pytest.mark.parametrize("act", ["install", "uninstall"])
def test_a_hooks_folder_that_is_a_link_to_nothing_is_one_sentence(repository: Path, act: str) -> None:
    hooks = repository / ".git" / "hooks"
    if hooks.exists():
        shutil.rmtree(hooks)
    hooks.symlink_to("gone")
    done = tgl("hook", act, repository)
    assert (done.code, "is a link to nothing" in done.err) == (2, True)


def test_hooks_that_were_switched_off_by_their_path_stay_so(repository: Path) -> None:
    git(repository, "config", "core.hooksPath", "/dev/null")
    done = tgl("hook", "install", repository)
    assert (done.code, "is not a folder" in done.err) == (2, True)


def test_a_hook_that_was_switched_off_stays_off(repository: Path) -> None:
    hook = _hook(repository, "echo it runs\n", mode=0o644)
    done = tgl("hook", "install", repository)
    assert (done.code, "it is not executable" in done.err) == (2, True)
    assert (hook.read_text(), hook.stat().st_mode & 0o777) == ("#!/bin/sh\necho it runs\n", 0o644)
    assert not hook.with_name("post-merge").exists()


def test_a_hook_that_is_a_link_stays_one(repository: Path) -> None:
    target = repository / "scripts" / "commit.sh"
    target.parent.mkdir()
    target.write_text("#!/bin/sh\n")
    target.chmod(0o755)
    hook = repository / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.symlink_to("../../scripts/commit.sh")
    assert tgl("hook", "install", repository).code == 0
    assert (hook.is_symlink(), "hook run" in target.read_text()) == (True, True)
    assert tgl("hook", "uninstall", repository).code == 0
    assert (hook.is_symlink(), target.read_text()) == (True, "#!/bin/sh\n")


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_to_what_others_share_is_refused(repository: Path, tmp_path: Path, exists: bool) -> None:
    shared = tmp_path / "dotfiles-post-commit"
    if exists:
        shared.write_text("#!/bin/sh\n")
        shared.chmod(0o755)
    hook = repository / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.symlink_to(shared)
    done = tgl("hook", "install", repository)
    assert (done.code, f"it is a link to {shared}" in done.err) == (2, True)
    assert not exists or shared.read_text() == "#!/bin/sh\n"


def test_a_hooks_folder_that_is_a_link_out_of_the_repository_is_not_touched(repository: Path, tmp_path: Path) -> None:
    hooks = repository / ".git" / "hooks"
    shutil.rmtree(hooks, ignore_errors=True)
    (tmp_path / "shared").mkdir()
    hooks.symlink_to(tmp_path / "shared")
    done = tgl("hook", "install", repository)
    assert (done.code, "may share" in done.err) == (2, True)
    assert list((tmp_path / "shared").iterdir()) == []


@pytest.mark.parametrize("hooks_path", [".husky", ".githooks", ".husky/_"])
def test_hooks_that_are_committed_name_no_path_of_this_machine(repository: Path, hooks_path: str) -> None:
    git(repository, "config", "core.hooksPath", hooks_path)
    if hooks_path == ".husky/_":  # version 9 makes these anew, and runs those beside them
        (repository / hooks_path).mkdir(parents=True)
        (repository / hooks_path / "h").write_text('sh -e "$(dirname "$(dirname "$0")")/$(basename "$0")" "$@"\n')
    done = tgl("hook", "install", repository)
    script = (repository / hooks_path.removesuffix("/_") / "post-commit").read_text()
    assert (done.code, "for everybody who has them" in done.err) == (0, True)
    assert "exec tgl hook run" in script
    assert str(repository) not in script
    assert str(Path.home()) not in script
    assert tgl("hook", "status", repository, "--json").json["is_installed"] is True


def test_the_status_tells_what_each_hook_does(repository: Path) -> None:
    assert {each["state"] for each in tgl("hook", "status", repository, "--json").json["hooks"]} == {"missing"}
    tgl("hook", "install", repository)
    hooks = repository / ".git" / "hooks"
    (hooks / "post-merge").chmod(0o644)
    (hooks / "post-rewrite").unlink()
    shown = tgl("hook", "status", repository)
    assert shown.code == 0
    for line, told in zip(shown.out.splitlines(), ("installed", "switched off", "missing"), strict=False):
        assert f"  {told} " in line
    assert "no push from a hook yet" in shown.out


def test_the_status_shows_which_branches_are_pushed(repository: Path) -> None:
    tgl("hook", "install", repository, "--branch", "main", "--branch", "!it's/*")
    assert tgl("hook", "status", repository).out.count("  (only main, !it's/*)\n") == len(EVENTS)
    hooks = tgl("hook", "status", repository, "--json").json["hooks"]
    assert [each["branches"] for each in hooks] == [["main", "!it's/*"]] * len(EVENTS)


def test_installing_says_whether_a_push_would_succeed(repository: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    done = tgl("hook", "install", repository, TGL_URL=nowhere, TGL_API_KEY=KEY, TGL_PROJECT="p")
    assert (done.code, "installed " in done.out) == (0, True)
    assert "a push would fail for now: server: no connection to 127.0.0.1:9" in done.err
    done = tgl("hook", "install", repository, "--json")
    assert (done.code, done.json["problems"][0]["detail"]) == (0, "no server is named")


@pytest.mark.usefixtures("settings")
def test_installing_says_that_a_push_would_succeed(repository: Path) -> None:
    assert "a push from here would succeed" in tgl("hook", "install", repository).out
    assert tgl("hook", "install", repository, "--branch", "mian").err.count("no branch matches mian") == 1


def _hook(repository: Path, lines: str, *, mode: int) -> Path:
    hook = repository / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{lines}")
    hook.chmod(mode)
    return hook
