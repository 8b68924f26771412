"""Whatever the operating system refuses: a sentence and an exit status, never a traceback or a success that is none."""

import errno
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.command import TGL, Done, tgl
from tests.support.faulty import KEY
from tests.support.histories import make_repository
from tests.support.refusals import CALLS, no_room, refusing
from tests.support.world import World
from tgl_client import Client, TglError
from tgl_client.errors import SystemRefusalError
from tgl_client.hooks import EVENTS

REFUSALS = (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.ENOTDIR)

#: Each command that reads or writes files of its own.
COMMANDS = ("push", "status", "test", "login", "init", "hook install", "hook run")


def _is_done(command: str, repository: Path, home: Path) -> bool:
    """True when what the command is for has happened."""
    match command:
        case "push" | "hook run":
            return _is_pushed(repository)
        case "login":
            return (home / "config" / "login.json").exists()
        case "init":
            return (repository / "repos.yaml").exists()
        case "hook install":
            return all((repository / ".git" / "hooks" / event).exists() for event in EVENTS)
    return True


def _is_pushed(repository: Path) -> bool:
    """True when another push finds nothing to send."""
    return bool(tgl("push", "--json", cwd=repository).json["repositories"][0]["state"] == "nothing_new")


def _check(command: str, done: Done, repository: Path, home: Path) -> None:
    if done.code == 0:
        assert _is_done(command, repository, home), done
    elif command != "hook run":
        # `tgl test` prints what failed among its checks.
        assert "error: " in done.err or (command == "test" and "\nFAIL " in done.out), done
    assert "tgl itself failed" not in done.err, done


@pytest.mark.slow
@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_refused_call_is_a_sentence(
    tmp_path: Path, repository: Path, tgl_home: Path, world: World, command: str, call: str
) -> None:
    for number in REFUSALS:
        refused = refusing(tmp_path / "site", call, number, tgl_home, repository)
        done = tgl(*command.split(), cwd=repository, stdin=world.key, **refused)
        _check(command, done, repository, tgl_home)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(("command", "call"), [*zip(COMMANDS, CALLS * 3, strict=False)])
def test_a_refused_call_is_a_sentence(
    tmp_path: Path, repository: Path, tgl_home: Path, world: World, command: str, call: str
) -> None:
    refused = refusing(tmp_path / "site", call, errno.EACCES, tgl_home, repository)
    _check(command, tgl(*command.split(), cwd=repository, stdin=world.key, **refused), repository, tgl_home)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_a_sentence(repository: Path, tgl_home: Path, world: World, command: str) -> None:
    done = subprocess.run(
        [*TGL, *command.split()],
        cwd=repository,
        input=world.key,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=no_room,
    )
    assert "Traceback" not in done.stderr
    _check(command, Done(done.returncode, done.stdout, done.stderr), repository, tgl_home)
    assert not list(repository.glob(".repos.yaml*")) + list((repository / ".git" / "hooks").glob(".post*"))


@pytest.mark.usefixtures("settings")
def test_a_push_goes_on_where_nothing_can_be_kept(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = tgl("push", repository, "--json", TGL_HOME=str(tmp_path / "file"))
    assert (done.code, done.json["repositories"][0]["sent"]) == (0, 3)
    assert "there is no lock" in done.err
    assert _is_pushed(repository)


@pytest.mark.usefixtures("settings")
def test_a_hook_pushes_where_its_log_cannot_be_written(repository: Path, tmp_path: Path) -> None:
    """And what is said beside a push says so: that it runs without a lock, and that nobody logs it."""
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file")
    assert tgl("hook", "run", repository, TGL_HOME=nowhere).code == 0
    assert _is_pushed(repository)
    installed, status = (tgl("hook", act, repository, TGL_HOME=nowhere) for act in ("install", "status"))
    assert (installed.code, status.code) == (0, 0)
    assert "warning: state folder: " in installed.err
    assert "would fail" not in installed.err
    assert "warning: no push from a hook is logged: " in status.err
    assert "until then pushes run without a lock" in status.err


@pytest.mark.usefixtures("settings")
def test_a_path_that_is_not_utf_8_leaves_json_valid(tmp_path: Path) -> None:
    path = make_repository(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")), 2)
    pushed = tgl("push", path, "--json")
    assert (pushed.code, pushed.json["repositories"][0]["sent"]) == (0, 2)
    assert pushed.json["repositories"][0]["path"].endswith("/caf\\xe9")
    for command in ("status", "test", "hook install"):
        assert json.loads(tgl(*command.split(), path, "--json").out)
    assert tgl("push", path, "--project", "demo", TGL_REPO="").code == 2
    assert "caf" in tgl("test", path).out + tgl("hook", "uninstall", path).out


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("command", ["push", "status", "--version"])
def test_a_stream_that_takes_nothing_is_told_where_it_matters(repository: Path, command: str, stream: str) -> None:
    with Path("/dev/full").open("w") as full:
        out, err = (full, subprocess.PIPE) if stream == "stdout" else (subprocess.PIPE, full)
        done = subprocess.run([*TGL, command], cwd=repository, text=True, check=False, stdout=out, stderr=err)
    assert "Traceback" not in (done.stderr or "")
    assert done.returncode == (1 if stream == "stdout" else 0), done
    if command == "push":
        assert _is_pushed(repository)


@pytest.mark.usefixtures("settings")
def test_a_reader_that_has_gone_or_closed_streams_are_no_traceback(repository: Path) -> None:
    for shell in ('"$@" | true', '"$@" >&-', '"$@" 2>&-', '"$@" <&- >&- 2>&-'):
        done = subprocess.run(
            ["sh", "-c", shell, "sh", *TGL, "status"], cwd=repository, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr, shell


async def test_the_python_api_raises_its_own_errors_only(tmp_path: Path) -> None:
    odd = [tmp_path / ("x" * 300), Path("a\0b"), Path("\udcff"), _circle(tmp_path / "circle"), Path("/dev/null/x")]
    for path in odd:
        async with Client("http://127.0.0.1:9", KEY) as client:
            for call in (client.push, client.plan, client.inspect):
                with pytest.raises(TglError):
                    await call(path, project="a", repo="b")


def _circle(path: Path) -> Path:
    path.symlink_to(path)
    return path


NONSENSE = ("", "-1", "nan", "9" * 5000, "\u202e\n", "x" * 4097, "/dev/null/x", "[", "\udcff")

VALUES = {
    "push": ("--config", "--url", "--project", "--repo", "--branch", "--since", "--jobs", "--engine", "--timeout",
             "--batch-size", "--max-retries", "PATH"),
    "status": ("--config", "--url", "--project", "--repo", "PATH"),
    "test": ("--config", "--url", "--project", "--repo", "PATH"),
    "init": ("--url", "--project", "--repo", "PATH"),
    "hook install": ("PATH",),
    "hook run": ("PATH",),
}  # fmt: skip

ODD_ADDRESSES = (
    "http://127.0.0.1:81234",
    "http://[::1",
    "http://127.0.0.1:-1",
    "http://",
    "https://a..b",
    "http://a b",
)


@pytest.mark.slow
@pytest.mark.parametrize(("command", "option"), [(command, each) for command in VALUES for each in VALUES[command]])
def test_nonsense_is_a_sentence(repository: Path, tgl_home: Path, command: str, option: str) -> None:
    nowhere = {"TGL_URL": "http://127.0.0.1:9", "TGL_API_KEY": KEY, "TGL_MAX_RETRIES": "0", "TGL_PROJECT": "p"}
    for value in (*NONSENSE, *ODD_ADDRESSES * (option == "--url")):
        words = ["--", value] if option == "PATH" else [option, value]
        done = tgl(*command.split(), *words, cwd=repository, stdin=KEY, **nowhere, TGL_REPO="r")
        assert "tgl itself failed" not in done.err, (value, done)
        if command not in ("init", "hook install", "hook run"):
            assert done.code in {1, 2, 4}, (value, done)
        assert done.code == 0 or done.err or command in ("test", "hook run"), (value, done)
        (repository / "repos.yaml").unlink(missing_ok=True)


def test_a_login_to_nonsense_is_a_sentence() -> None:
    for value in ODD_ADDRESSES:
        done = tgl("login", value, stdin=KEY)
        assert (done.code, "is not the address of a server" in done.err) == (2, True), value


VARIABLES = ("TGL_URL", "TGL_API_KEY", "TGL_BATCH_SIZE", "TGL_MAX_RETRIES", "TGL_TIMEOUT", "TGL_JOBS", "TGL_ENGINE",
             "TGL_CONFIG", "TGL_HOME", "HTTPS_PROXY", "HOME")  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("variable", VARIABLES)
def test_nonsense_in_the_environment_is_a_sentence(repository: Path, variable: str) -> None:
    nowhere = {"TGL_URL": "http://127.0.0.1:9", "TGL_API_KEY": KEY, "TGL_MAX_RETRIES": "0"}
    for value in ("nan", "-1", "9" * 5000, "/dev/null/x", "http://[::1", "\udcff", "x" * 4097):
        done = tgl("push", "-p", "x", "-r", "y", cwd=repository, **{**nowhere, variable: value})
        assert done.code in {1, 2, 4}, (value, done)
        assert "error: " in done.err, (value, done)
        assert "tgl itself failed" not in done.err, (value, done)


def test_an_error_of_the_system_names_its_file(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = tgl("init", tmp_path / "file" / "repos.yaml", cwd=repository)
    assert done.code == 1
    assert f"error: {tmp_path}/file/repos.yaml cannot be written: Not a directory\nhint: " in done.err
    assert SystemRefusalError.exit_code == 1
