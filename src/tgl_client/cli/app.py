"""The commands of `tgl`, and the one place where a failure becomes words and an exit code."""

import os
import sys
from traceback import print_exc
from typing import Annotated

import typer

from tgl_client.cli.config.command import config
from tgl_client.cli.doctor.command import DOCTOR_EXAMPLES, TEST_EXAMPLES, check, doctor
from tgl_client.cli.explain.command import EXAMPLES as EXPLAIN_EXAMPLES
from tgl_client.cli.explain.command import explain
from tgl_client.cli.hook.command import hook
from tgl_client.cli.init.command import EXAMPLES as INIT_EXAMPLES
from tgl_client.cli.init.command import init
from tgl_client.cli.league.command import EXAMPLES as LEAGUE_EXAMPLES
from tgl_client.cli.league.command import league
from tgl_client.cli.login.command import EXAMPLES as LOGIN_EXAMPLES
from tgl_client.cli.login.command import login
from tgl_client.cli.logout.command import EXAMPLES as LOGOUT_EXAMPLES
from tgl_client.cli.logout.command import logout
from tgl_client.cli.man.command import EXAMPLES as MAN_EXAMPLES
from tgl_client.cli.man.command import man
from tgl_client.cli.projects.command import EXAMPLES as PROJECTS_EXAMPLES
from tgl_client.cli.projects.command import projects
from tgl_client.cli.push.command import EXAMPLES as PUSH_EXAMPLES
from tgl_client.cli.push.command import push
from tgl_client.cli.repos.command import EXAMPLES as REPOS_EXAMPLES
from tgl_client.cli.repos.command import repos
from tgl_client.cli.status.command import EXAMPLES as STATUS_EXAMPLES
from tgl_client.cli.status.command import status
from tgl_protocol import __version__

app = typer.Typer(
    name="tgl",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=PUSH_EXAMPLES)(push)
app.command("sync", hidden=True)(push)
app.command(epilog=STATUS_EXAMPLES)(status)
app.command(epilog=EXPLAIN_EXAMPLES)(explain)
app.command(epilog=LEAGUE_EXAMPLES)(league)
app.command(epilog=LOGIN_EXAMPLES)(login)
app.command(epilog=LOGOUT_EXAMPLES)(logout)
app.command(epilog=INIT_EXAMPLES)(init)
app.command(epilog=PROJECTS_EXAMPLES)(projects)
app.command(epilog=REPOS_EXAMPLES)(repos)
app.command("test", epilog=TEST_EXAMPLES)(check)
app.command(epilog=DOCTOR_EXAMPLES)(doctor)
app.command(epilog=MAN_EXAMPLES)(man)
app.add_typer(hook, name="hook")
app.add_typer(config, name="config")


@app.command("help")
def show_help(
    words: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND]...", help="A command; else all.")] = None,
) -> None:
    """Show what a command does, and its options."""
    app([*(words or ()), "--help"], prog_name="tgl")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"tgl {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            help="Show requests, settings, git commands and tracebacks; goes after any command too.",
        ),
    ] = False,
) -> None:
    """Push a repository's commit metadata to TheGitLeague. File names and contents never leave this machine."""


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code; every failure is printed as a sentence and a hint."""
    debug = "--debug" in arguments
    if debug:
        from tgl_client.terminal.debug import switch_on  # noqa: PLC0415 -- few ask for it

        switch_on()
    as_json = "--json" in arguments
    try:
        code = _called([each for each in arguments if each != "--debug"])
        sys.stdout.flush()  # a full disk shows here, where stdout is a file
    except BrokenPipeError:
        # The reader of our output has gone; say nothing more to it, also not when Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        from tgl_client.cli.failure import tell  # noqa: PLC0415 -- `tgl --help` has nothing to encode

        if debug:
            print_exc()
        return tell(error, as_json=as_json)
    return code


def _called(arguments: list[str]) -> int:
    """The command's exit code; raises what it fails with, also for a command line that cannot be read."""
    try:
        code: object = app(arguments, prog_name="tgl", standalone_mode=False)
    except SystemExit as ended:  # `tgl help` calls another command
        code = ended.code
    return code if isinstance(code, int) else int(code is not None)
