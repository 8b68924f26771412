"""The command line as a whole: help, completion, and how a failure is told."""

from pathlib import Path

import pytest

from tests.support.command import tgl, tgl_on_terminal
from tests.support.faulty import KEY

UNREACHABLE = "http://127.0.0.1:9"


def test_the_version_is_one_line() -> None:
    for option in ("--version", "-V"):
        done = tgl(option)
        assert (done.code, done.out, done.err) == (0, "tgl 0.1.0\n", "")
    assert tgl("-V", "push").out == "tgl 0.1.0\n"


def test_help_is_a_command_too() -> None:
    assert tgl("help").out == tgl("--help").out
    assert tgl("help", "push").out == tgl("push", "--help").out
    assert tgl("help", "hook", "install").out == tgl("hook", "install", "--help").out
    assert (tgl("help", "psuh").code, tgl("help", "psuh").out) == (2, "")


def test_errors_are_coloured_where_somebody_sees_them(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    in_red = "\x1b[1;31merror:\x1b[0m no server is named"
    assert tgl_on_terminal("push", cwd=repository, answers={})[1].startswith(in_red)
    assert tgl("push", cwd=repository).err.startswith("error: no server is named")
    monkeypatch.setenv("NO_COLOR", "1")
    assert tgl_on_terminal("push", cwd=repository, answers={})[1].startswith("error: no server is named")


@pytest.mark.parametrize("command", ["push", "sync", "status", "login", "init", "test", "doctor"])
def test_every_command_has_help(command: str) -> None:
    done = tgl(command, "--help")
    assert done.code == 0
    assert f"Usage: tgl {command} " in done.out


def test_a_shell_can_complete_commands_and_options() -> None:
    def complete(words: str) -> set[str]:
        return set(tgl(_TGL_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD="1").out.split())

    assert complete("tgl ") >= {"push", "status", "login", "init", "test"}
    done = tgl(_TGL_COMPLETE="complete_bash", COMP_WORDS="tgl push --d", COMP_CWORD="2")
    assert done.out.split() == ["--dry-run"]


NOWHERE = {"TGL_URL": UNREACHABLE, "TGL_API_KEY": KEY}

TARGET = ["-p", "x", "-r", "y"]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "words"),
    [
        (["push", "--nonsense"], {}, 2, "nonsense"),
        (["push"], {}, 2, "error: no server is named\nhint: `tgl login"),
        (["push"], {"TGL_URL": "http://league.example.com", "TGL_API_KEY": KEY}, 2, "not encrypted"),
        (["push"], {"TGL_URL": UNREACHABLE}, 2, "error: there is no API key for"),
        (["push"], {"TGL_URL": UNREACHABLE, "TGL_API_KEY": KEY[:-1]}, 2, "cut off or mistyped"),
        (["push"], NOWHERE, 2, "which project does"),
        (["push", *TARGET, "--max-retries", "0"], NOWHERE, 4, "no connection"),
        (["push", *TARGET, "--since", "soon"], NOWHERE, 2, "is not a date"),
        (["push", *TARGET, "--engine", "svn"], NOWHERE, 2, "no engine"),
        (["push", "--full"], {}, 2, "--dry-run"),
        (["status", "-c", "nowhere.yaml"], {}, 2, "cannot be read"),
    ],
)  # fmt: skip
def test_a_failure_has_a_sentence_and_a_code(
    repository: Path, arguments: list[str], environment: dict[str, str], code: int, words: str
) -> None:
    done = tgl(*arguments, cwd=repository, **environment)
    assert words in done.err
    assert done.code == code
    assert KEY not in done.err + done.out


def test_debug_shows_where_it_failed(repository: Path) -> None:
    with pytest.raises(AssertionError, match="ConfigError"):
        tgl("push", "--debug", cwd=repository)
