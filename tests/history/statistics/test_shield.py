"""A repository gives the same numbers everywhere: no configuration, environment or local file changes one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.reference import counts, read_all, rev_list, shortstat
from tests.support.repositories import commit, git, imported
from tgl_history import Engine

TEXT = b"".join(b"line %d\n" % number for number in range(50))
EDITED = TEXT.replace(b"line 25\n", b"changed\n")

#: For `git config`: each would change a number, or run a program, if it were followed.
SETTINGS = {
    "diff.renames": "false",
    "diff.renameLimit": "1",
    "diff.algorithm": "patience",
    "diff.noprefix": "true",
    "diff.ignoreSubmodules": "all",
    "diff.submodule": "log",
    "diff.orderFile": "/nonexistent",
    "diff.suppressBlankEmpty": "true",
    "diff.wsErrorHighlight": "all",
    "diff.custom.textconv": "{program}",
    "diff.custom.command": "{program}",
    "diff.custom.binary": "true",
    "diff.external": "{program}",
    "core.bigFileThreshold": "1",
    "core.quotePath": "false",
    "core.fsmonitor": "{program}",
    "core.pager": "{program}",
    "core.attributesFile": "{attributes}",
    "core.sshCommand": "{program}",
    "core.commitGraph": "true",
    "log.showSignature": "true",
    "alias.diff-tree": "!{program}",
    "i18n.logOutputEncoding": "latin1",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    stream = [
        commit("refs/heads/main", 1, first=True, files={"a.txt": TEXT, "b.c": TEXT, ".gitattributes": b"*.c -diff\n"}),
        commit("refs/heads/main", 2, files={"a.txt": EDITED, "b.c": EDITED}),
        commit("refs/heads/main", 3, operations=[b"R a.txt renamed.txt", b"R b.c renamed.c"]),
        commit("refs/heads/main", 4, files={"renamed.txt": TEXT}),
    ]
    return imported(tmp_path / "repo", stream)


@pytest.fixture
def traps(tmp_path: Path) -> dict[str, str]:
    """A program that leaves a trace when it is run, and attributes that hide everything."""
    program, attributes = tmp_path / "program", tmp_path / "attributes"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'was-run'}\nexit 1\n")
    program.chmod(0o755)
    attributes.write_text("* -diff\n*.txt diff=custom\n")
    return {"program": str(program), "attributes": str(attributes)}


def in_the_repository(path: Path, traps: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        git(path, "config", name, value.format(**traps))


def in_the_users_home(path: Path, traps: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    home = path.parent / "home"
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "attributes").write_text("* -diff\n")
    for name, value in SETTINGS.items():
        git(path, "config", "--file", str(home / ".gitconfig"), name, value.format(**traps))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)


def in_the_environment(path: Path, traps: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", traps["program"])
    monkeypatch.setenv("GIT_PAGER", traps["program"])
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=0")
    monkeypatch.setenv("GIT_TRACE", "1")
    monkeypatch.setenv("GIT_ATTR_SOURCE", "main")
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    monkeypatch.setenv("GIT_SHALLOW_FILE", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(SETTINGS)))
    for number, (name, value) in enumerate(SETTINGS.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", name)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value.format(**traps))


def in_attributes(path: Path, traps: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    (path / ".git" / "info").mkdir(exist_ok=True)
    (path / ".git" / "info" / "attributes").write_text("* -diff\n")
    (path / ".gitattributes").write_text("* binary\n")


def in_replacements(path: Path, traps: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    git(path, "replace", "main~1", "main~3")


def in_grafts(path: Path, traps: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    (path / ".git" / "info").mkdir(exist_ok=True)
    (path / ".git" / "info" / "grafts").write_bytes(git(path, "rev-parse", "main") + b"\n")


def in_the_current_directory(path: Path, traps: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    (path.parent / "pygit2.py").write_text("raise SystemExit('not this one')")
    (path.parent / "tgl_history.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(path.parent)


Trap = Callable[[Path, dict[str, str], pytest.MonkeyPatch], None]
TRAPS: list[Trap] = [
    in_the_repository,
    in_the_users_home,
    in_the_environment,
    in_attributes,
    in_replacements,
    in_grafts,
    in_the_current_directory,
]


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize("trap", TRAPS)
def test_nothing_around_the_objects_changes_a_number(
    path: Path, traps: dict[str, str], monkeypatch: pytest.MonkeyPatch, trap: Trap, engine: Engine
) -> None:
    # A bare mirror without anything local is where git itself counts undisturbed.
    git(path, "clone", "-q", "--bare", str(path), str(path.parent / "mirror"))
    expected = shortstat(path.parent / "mirror")
    trap(path, traps, monkeypatch)
    found = counts(read_all(path, engine))
    assert found == expected
    assert sum(additions for _, additions, _ in found.values()) == 1 + 2 * 50 + 2 + 1
    assert not (path.parent / "was-run").exists()


def test_the_traps_are_real(path: Path, traps: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = shortstat(path)
    in_attributes(path, traps, monkeypatch)
    assert shortstat(path) != expected
    in_grafts(path, traps, monkeypatch)
    assert len(rev_list(path)) == 1
