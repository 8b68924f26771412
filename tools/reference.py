"""The pages of docs/reference, written from the code: python -m tools.reference

What each setting is for is said in .env.example, everything else by the code itself.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec
import typer

from tgl_client.cli.app import app as client
from tgl_server import errors
from tgl_server.app import create_app
from tgl_server.cli.commands import assembled
from tgl_server.openapi import openapi_document
from tgl_server.openapi.refusals import sentence_of
from tgl_server.settings import Settings
from tools.python_api import python_page

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "reference"
ENV_EXAMPLE = ROOT / ".env.example"

_NOTE = "<!-- Written by `just docs`; do not edit. -->\n\n"
_SETTING = re.compile(r"#(?P<name>[A-Z0-9_]+)=(?P<default>.*)")


class Setting(NamedTuple):
    section: str
    name: str
    default: str
    meaning: str


def openapi_page() -> str:
    document = openapi_document(create_app(Settings(database_url="postgresql://nowhere/none")))
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def errors_page() -> str:
    lines = ["# Error codes", "", "Every refusal is `application/problem+json`; `code` is one of these.", ""]
    lines += ["| code | status | sentence |", "|---|---|---|"]
    for error in sorted(errors_of_the_server(), key=lambda error: (error.status, error.code)):
        lines.append(f"| `{error.code}` | {error.status} | {sentence_of(error)} |")
    return _NOTE + "\n".join(lines) + "\n"


def errors_of_the_server() -> list[type[errors.ApiError]]:
    """Our own; a test may have derived more."""
    return [error for error in errors.answered() if error.__module__.startswith(errors.__package__ or "")]


def settings_page() -> str:
    lines = ["# Settings of tgl-server", "", *_settings_intro()]
    section = ""
    for setting in env_example():
        if setting.section != section:
            section = setting.section
            lines += ["", f"## {section}", "", "| variable | default | values | meaning |", "|---|---|---|---|"]
        default = f"`{setting.default}`" if setting.default else ""
        lines.append(f"| `{setting.name}` | {default} | {_values(setting.name)} | {setting.meaning} |")
    return _NOTE + "\n".join(lines) + "\n"


def env_example() -> list[Setting]:
    """Each setting of .env.example, with the comment above it."""
    found, section, comment = [], "", list[str]()
    for line in ENV_EXAMPLE.read_text().splitlines():
        if setting := _SETTING.fullmatch(line):
            found.append(Setting(section, setting["name"], setting["default"], " ".join(comment)))
        elif heading := re.fullmatch(r"# --- (.*) ---", line):
            section = heading[1]
        comment = [*comment, line[2:]] if line.startswith("# ") else []
    return found


def _settings_intro() -> list[str]:
    head = ENV_EXAMPLE.read_text().split("\n\n", 1)[0]
    return [line.removeprefix("# ") for line in head.splitlines()]


def _values(variable: str) -> str:
    """What the type of a setting allows."""
    field = next(field for field in msgspec.structs.fields(Settings) if field.name.upper() == variable)
    schema: dict[str, Any] = msgspec.json.schema(field.type)
    schema = {**schema, **next(iter(schema.get("$defs", {}).values()), {})}
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    bounds = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    kind = {"array": "list", "boolean": "true, false", "string": "text"}.get(schema["type"], "whole number")
    return " ".join([kind, *bounds])


def commands_page() -> str:
    lines = ["# Commands"]
    for name, app in (("tgl", client), ("tgl-server", assembled())):
        lines += _command(typer.main.get_command(app), click.Context(click.Command(name), info_name=name), name)
    return _NOTE + "\n".join(lines) + "\n"


def _command(command: Any, parent: Any, path: str) -> Iterator[str]:
    """A command and those below it; hidden ones are other names of those that are shown."""
    context = type(parent)(command, info_name=path)
    yield from ["", f"## {path}", "", " ".join((command.help or "").split()), "", "```"]
    yield f"{path} {' '.join(command.collect_usage_pieces(context))}".strip()
    yield from ["```", ""]
    records = [record for each in command.get_params(context) if (record := each.get_help_record(context))]
    yield from (f"- `{' '.join(name.split())}`: {' '.join(text.split())}" for name, text in records)
    for each in getattr(command, "commands", {}).values():
        if not each.hidden:
            yield from _command(each, parent, f"{path} {each.name}")


PAGES: dict[str, Callable[[], str]] = {
    "openapi.json": openapi_page,
    "errors.md": errors_page,
    "settings.md": settings_page,
    "cli.md": commands_page,
    "python.md": lambda: _NOTE + python_page(),
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())
        print(f"docs/reference/{name}", file=sys.stderr)


if __name__ == "__main__":
    main()
