"""`--json` prints one JSON document on standard output, whatever happens; of every command that has the option."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.support.command import TGL, tgl
from tests.support.faulty import KEY
from tgl_client.cli.app import app
from tgl_client.errors import AnswerError, TglError

#: A server that is not there, and a key for it.
NOWHERE = {"TGL_URL": "http://127.0.0.1:9", "TGL_API_KEY": KEY, "TGL_MAX_RETRIES": "0"}


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The commands that have `--json`, below a group, with an argument where one is needed."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        elif any("--json" in parameter.opts for parameter in command.params):
            needed = ["HEAD" for each in command.params if each.param_type_name == "argument" and each.required]
            yield (*path, name, *needed)


COMMANDS = sorted(_commands(typer.main.get_command(app)))
EACH = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


def _error_of(document: Any) -> Any:
    assert set(document) == {"exit_code", "error"}, document
    assert set(document["error"]) == {"code", "message", "hint"}
    return document["error"]


def test_the_commands_are_found() -> None:
    assert {("push",), ("status",), ("doctor",), ("hook", "install"), ("config", "list")} <= set(COMMANDS)


@EACH
def test_there_is_a_document_without_server_and_key(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = tgl(*command, "--json", cwd=tmp_path)
    assert done.json.get("exit_code", 0) == done.code
    if done.code and "checks" not in done.json:
        error = _error_of(done.json)
        assert f"error: {error['message']}\n" in done.err


@EACH
def test_there_is_a_document_for_a_server_that_is_off(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = tgl(*command, "--json", cwd=tmp_path, stdin=KEY, **NOWHERE)
    assert done.json.get("exit_code", 0) == done.code
    if command in {("projects",), ("repos",), ("login",)}:
        assert (done.code, _error_of(done.json)["code"]) == (4, "unreachable")


@EACH
def test_there_is_a_document_for_a_wrong_option(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = tgl(*command, "--json", "--nonsense", cwd=tmp_path)
    assert (done.code, _error_of(done.json)["code"]) == (2, "usage")
    assert "No such option: --nonsense" in done.json["error"]["message"]
    assert "Usage: tgl " in done.err


def test_a_refusal_of_the_server_has_the_servers_code(
    tmp_path: Path, settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TGL_API_KEY", KEY)
    assert _error_of(tgl("projects", "--json", cwd=tmp_path).json)["code"] == "invalid_api_key"


def test_a_signal_leaves_a_document(tmp_path: Path) -> None:
    waiting = subprocess.Popen(
        [*TGL, "projects", "--json"],
        cwd=tmp_path,
        env={**os.environ, **NOWHERE, "TGL_MAX_RETRIES": "9"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert waiting.stderr is not None
    while "waiting" not in waiting.stderr.readline():
        pass
    waiting.send_signal(signal.SIGTERM)
    out, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 143
    assert '"code": "terminated_push"' in out


def test_every_error_has_a_word_of_its_own() -> None:
    kinds = [kind for kind in _below(TglError) if not issubclass(kind, AnswerError)]
    words = [kind.__new__(kind).word for kind in kinds]
    assert len(set(words)) == len(words) > 10
    assert {"time_limit", "local_repository", "config"} <= set(words)


def _below(kind: type[TglError]) -> Iterator[type[TglError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
