"""`tgl man`: a page for every command, made from the command, with nothing that could become untrue."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.support.command import tgl
from tgl_client.cli.app import app
from tgl_client.cli.man.common import common_sections
from tgl_client.exit_codes import ExitCode
from tgl_protocol.manual import Page, examples_of, pages

ROOT = Path(__file__).parents[3]
COMMAND: Any = typer.main.get_command(app)
PAGES = {page.words: page for page in pages(COMMAND, "tgl", common_sections())}


def _commands(command: Any) -> Iterator[Any]:
    yield command
    for each in getattr(command, "commands", {}).values():
        yield from _commands(each)


def _terms(page: Page, title: str) -> list[str]:
    return [entry.term for section in page.sections if section.title == title for entry in section.entries]


EXAMPLES = [entry.term for command in _commands(COMMAND) for entry in examples_of(command)]


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_is_a_command_line_that_is_understood(line: str) -> None:
    program, *words = shlex.split(line)
    command, parent = COMMAND, None
    while hasattr(command, "commands"):
        parent = command.context_class(command, info_name=program, parent=parent)
        program, command = words[0], command.commands[words.pop(0)]
    command.make_context(program, words, parent=parent)


def test_every_command_that_a_user_types_has_an_example() -> None:
    shown = " ".join(EXAMPLES)
    assert len(EXAMPLES) > 20
    for name, command in COMMAND.commands.items():
        assert command.hidden or name == "help" or f"tgl {name}" in shown, name


def test_every_page_names_files_and_exit_statuses() -> None:
    assert {"tgl", "tgl push", "tgl hook install", "tgl config set"} <= PAGES.keys()
    for page in PAGES.values():
        assert _terms(page, "EXIT STATUS") == [str(int(code)) for code in ExitCode]
        assert any(term.endswith("login.json") for term in _terms(page, "FILES"))


def test_every_exit_status_is_explained_where_a_failed_push_is() -> None:
    text = (ROOT / "docs" / "howto" / "when-a-push-fails.md").read_text()
    told = [int(number) for row in re.findall(r"^\| ([\d, ]+) \|", text, re.MULTILINE) for number in row.split(",")]
    assert told == [int(code) for code in ExitCode]


def test_every_variable_that_is_read_is_on_a_page() -> None:
    named = {name for page in PAGES.values() for term in _terms(page, "ENVIRONMENT") for name in term.split(", ")}
    source = "".join(path.read_text() for path in (ROOT / "src" / "tgl_client").rglob("*.py"))
    assert set(re.findall(r"\bTGL_[A-Z]+(?:_[A-Z]+)*\b", source)) <= named


def test_pages_are_written_for_man(tmp_path: Path) -> None:
    done = tgl("man", "--to", tmp_path / "man1")
    assert (done.code, len(done.out.splitlines())) == (0, len(PAGES))
    files = {path.name for path in (tmp_path / "man1").iterdir()}
    assert files == {f"{page.name}.1" for page in PAGES.values()}
    (tmp_path / "file").touch()
    assert tgl("man", "--to", tmp_path / "file").code == 1
    if groff := shutil.which("groff"):
        for path in (tmp_path / "man1").iterdir():
            told = subprocess.run([groff, "-man", "-ww", "-z", str(path)], capture_output=True, text=True, check=True)
            assert told.stderr == "", path


def test_a_page_is_shown_also_where_there_is_no_man(tmp_path: Path) -> None:
    for folder in {str(tmp_path), str(Path(shutil.which("man") or tmp_path / "man").parent)}:
        done = tgl("man", "hook", "install", PATH=folder)
        assert (done.code, "hook install" in done.out, "EXIT STATUS" in done.out) == (0, True, True)
    unknown = tgl("man", "psuh")
    assert (unknown.code, unknown.err) == (2, "error: there is no command `tgl psuh`\nhint: `tgl help` lists them\n")
