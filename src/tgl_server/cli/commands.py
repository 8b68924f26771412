"""The commands, assembled; and how an error ends the process."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final

import typer

import tgl_protocol
from tgl_protocol.visible import visible
from tgl_server.errors import Invalid, ServerError

#: Each command with the function that it is, as module and name; groups of commands with the modules that fill them,
#: the first of which has the group. Nothing is imported before it is called for: all of it takes over a second.
_COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "serve": ("serve", "serve"),
    "worker": ("worker", "worker"),
    "beat": ("beat", "beat"),
    "migrate": ("migrate", "migrate"),
    "demo": ("demo", "demo"),
    "backup": ("backup", "backup"),
    "restore": ("backup", "restore"),
    "doctor": ("doctor", "doctor"),
    "verify": ("verify", "verify"),
    "import-legacy": ("legacy", "import_from"),
    "man": ("man", "man"),
}
_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "users": ("users",),
    "projects": ("projects", "listing"),
    "members": ("members",),
    "repos": ("repos", "listing"),
    "pulls": ("pulls",),
    "players": ("players",),
    "keys": ("keys",),
    "league": ("league",),
    "seasons": ("seasons",),
    "secrets": ("sealing_keys",),
}
#: The manual is made of all the others.
_NEEDS_ALL: Final = "man"


def assembled(only: str | None = None) -> typer.Typer:
    """The command line: all of it, or with one command alone."""
    app = typer.Typer(
        name="tgl-server",
        help="TheGitLeague's server: receives commit metadata over HTTP and keeps it in PostgreSQL.",
        context_settings={"help_option_names": ["-h", "--help"]},
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(options)
    for name, (room, function) in _COMMANDS.items():
        if only in (None, name):
            module = import_module(f"tgl_server.cli.{room}")
            app.command(name, context_settings=getattr(module, "CONTEXT", None))(getattr(module, function))
    for name, rooms in _GROUPS.items():
        if only in (None, name):
            first, *_ = [import_module(f"tgl_server.cli.{room}") for room in rooms]
            app.add_typer(first.app, name=name)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tgl-server {tgl_protocol.__version__}")
        raise typer.Exit


def options(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_print_version, is_eager=True),
) -> None:
    """TheGitLeague's server: receives commit metadata over HTTP and keeps it in PostgreSQL."""


def run() -> None:
    """Run the command. A known error ends it with one sentence; any other is a bug and keeps its traceback."""
    try:
        assembled(_called(sys.argv[1:]))(prog_name="tgl-server")
    except ServerError as error:
        sys.exit(visible(f"error: {_sentence(error)}", keep="\n"))
    except Exception as error:
        from alembic.util import CommandError  # noqa: PLC0415 -- few commands need it

        if not isinstance(error, CommandError):
            raise
        sys.exit(f"error: {error}; `tgl-server migrate history` shows the versions that there are")


def _called(arguments: list[str]) -> str | None:
    """The one command that the line begins with; None where all have to be known, for help or for what is wrong."""
    first = arguments[0] if arguments else ""
    is_alone = first != _NEEDS_ALL and (first in _COMMANDS or first in _GROUPS)
    return first if is_alone else None


def _sentence(error: ServerError) -> str:
    """The error in one sentence: the reason for each bad field, as an HTTP answer lists them, or its message."""
    reasons = [f"{reason.field}: {reason.message}" for reason in error.errors] if isinstance(error, Invalid) else []
    return "; ".join(reasons) or str(error)
