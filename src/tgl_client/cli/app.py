"""The commands of `tgl`, and the one place where a failure becomes words and an exit code."""

import os
import sys
from typing import Annotated

import typer

from tgl_client.cli.doctor import doctor
from tgl_client.cli.hook import hook
from tgl_client.cli.init import init
from tgl_client.cli.login import login
from tgl_client.cli.push import push
from tgl_client.cli.status import status
from tgl_client.errors import TglError
from tgl_protocol import __version__

app = typer.Typer(
    name="tgl",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(push)
app.command("sync", hidden=True)(push)
app.command()(status)
app.command()(login)
app.command()(init)
app.command("test")(doctor)
app.command("doctor", hidden=True)(doctor)
app.add_typer(hook, name="hook")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"tgl {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show a traceback on failure; works after any command as well.")
    ] = False,
) -> None:
    """Push a repository's commit metadata to TheGitLeague. File names and contents never leave this machine."""


def run(arguments: list[str]) -> int:
    """Run the command and answer its exit code; a failure is a sentence and a hint."""
    debug = "--debug" in arguments
    try:
        app([each for each in arguments if each != "--debug"], prog_name="tgl")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except TglError as error:
        if debug:
            raise
        from tgl_client.output import print_problem  # noqa: PLC0415 -- `tgl --help` has nothing to encode

        print_problem(error)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone; say nothing more to it, also not when Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0
