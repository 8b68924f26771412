"""What people read names nothing inside of us, and no command, option or page that does not exist."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.support.faulty import KEY as A_KEY
from tests.support.faulty import FaultyServer, garbage
from tgl_client import errors
from tgl_client.cli.app import app
from tgl_client.client import Client
from tgl_history.errors import in_words
from tgl_server.app import create_app
from tgl_server.settings import Settings

SOURCE = Path(__file__).parents[2] / "src"
COMMAND: Any = typer.main.get_command(app)

#: Names of libraries and of Python's parts. `pygit2` is a choice of ours, and no secret.
INTERNAL = re.compile(
    r"\b(msgspec|aiohttp|asyncio|yarl|litestar|libgit2|errno|NoneType|dict|Struct|tgl_client|tgl_history)\b"
)


def _texts() -> Iterator[tuple[str, str]]:
    """Every text of the client that reads like a sentence, with its place; `{}` stands for what is filled in."""
    for path in sorted([*(SOURCE / "tgl_client").rglob("*.py"), *(SOURCE / "tgl_history").rglob("*.py")]):
        tree = ast.parse(path.read_text())
        skipped = {id(inner) for node in ast.walk(tree) for inner in _not_shown(node)}
        for node in ast.walk(tree):
            text = "" if id(node) in skipped else _text(node)
            if text.count(" ") >= 2:
                yield f"{path.relative_to(SOURCE)}:{getattr(node, 'lineno', 0)}", text


def _not_shown(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings of what is no command, types, calls of loggers, and parts of a text that is looked at as a whole."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and not _is_shown(node):
            yield first.value
    if isinstance(node, ast.arg) and isinstance(node.annotation, ast.Constant):
        yield node.annotation
    if isinstance(node, ast.JoinedStr):
        yield from (inner for inner in ast.walk(node) if inner is not node)
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_LOG."):
        yield from ast.walk(node)


def _is_shown(node: ast.AST) -> bool:
    """True for an error, whose docstring is its sentence, and for a command, whose docstring is its help."""
    if isinstance(node, ast.ClassDef):
        return node.name.endswith("Error")
    return isinstance(node, ast.FunctionDef) and any("Option" in ast.unparse(each) for each in ast.walk(node.args))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


TEXTS = dict(_texts())


def test_the_texts_are_found() -> None:
    assert len(TEXTS) > 300
    assert any("cut off or mistyped" in text for text in TEXTS.values())


def test_no_text_names_what_is_inside() -> None:
    assert {place: found[0] for place, text in TEXTS.items() if (found := INTERNAL.search(text))} == {}


def test_every_command_that_a_text_names_exists() -> None:
    named = {line for text in TEXTS.values() for line in re.findall(r"`(tgl [^`]*)`", text)}
    assert len(named) > 15
    assert [line for line in sorted(named) if not _exists(line)] == []


def _exists(line: str) -> bool:
    """True if the command is there, and has the options."""
    command, (_, *words) = COMMAND, shlex.split(line)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            return False
        command = command.commands[name]
    options = {each for parameter in command.params for each in (*parameter.opts, "--help", "-h")}
    return {word for word in words if word.startswith("-")} <= options


def test_every_page_that_a_text_names_exists() -> None:
    routes = {route.path for route in create_app(Settings(database_url="postgresql://nowhere/none")).routes}
    named = {page for text in TEXTS.values() for page in re.findall(r"(?:\{\}|`)(/[a-z]{3,}(?:/[a-z]+)*)", text)}
    assert {"/settings/keys", "/projects/new"} <= named
    assert named <= routes


@pytest.mark.parametrize("error", [KeyError("refs/x"), OSError(13, "x"), RuntimeError("0x7f"), ValueError("")])
def test_an_error_of_python_is_not_quoted(error: Exception) -> None:
    assert re.fullmatch("its files are damaged|Permission denied", in_words(error))


async def test_an_answer_that_is_not_ours_is_not_told_in_the_words_of_a_library(faulty: FaultyServer) -> None:
    faulty.always["capabilities"] = garbage(b'{"server_version": 1}')
    async with Client(faulty.url, A_KEY) as client:
        with pytest.raises(errors.UnexpectedAnswerError) as caught:
            await client.capabilities()
    assert re.fullmatch(r"the answer is not what was asked for \(GET .*: HTTP 200\)", str(caught.value))
