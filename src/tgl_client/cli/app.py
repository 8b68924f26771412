"""The commands of `tgl`, and the one place where a failure becomes words and an exit code."""

import os
import sys
from typing import Annotated

import typer

from tgl_client.cli.push import push
from tgl_client.errors import TglError
from tgl_client.output import print_problem
from tgl_protocol import __version__

app = typer.Typer(
    name="tgl",
    help="Push a repository's commit metadata to TheGitLeague. File names and contents never leave this machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(push)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"tgl {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Push a repository's commit metadata to TheGitLeague. File names and contents never leave this machine."""


def run() -> int:
    """Run the command; a traceback shows only with `TGL_DEBUG=1`."""
    try:
        app()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except TglError as error:
        if os.environ.get("TGL_DEBUG"):
            raise
        print_problem(error)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone; say nothing more to it, also not when Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0
