"""`tgl hook install`, `tgl hook uninstall`, and what the hook runs."""

from pathlib import Path
from typing import Annotated

import typer

from tgl_client.cli import options

hook = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="A Git hook that pushes in the background after each commit."
)

Repository = Annotated[Path, typer.Argument(metavar="[PATH]", help="A repository; else the current folder.")]


@hook.command()
def install(path: Repository = Path(), as_json: options.Json = False) -> None:
    """Push in the background after commits, merges and rebases.

    Other lines of existing hooks stay. A commit never waits for the push and never fails because of it.
    """
    from tgl_client.cli.hook_command import install_hooks  # noqa: PLC0415 -- only this command pays for it

    raise typer.Exit(install_hooks(path, as_json=as_json))


@hook.command()
def uninstall(path: Repository = Path(), as_json: options.Json = False) -> None:
    """Take the lines of `tgl hook install` out again."""
    from tgl_client.cli.hook_command import uninstall_hooks  # noqa: PLC0415 -- as above

    raise typer.Exit(uninstall_hooks(path, as_json=as_json))


@hook.command(hidden=True)
def run(path: Repository = Path()) -> None:
    """What the hook runs: a quiet push that outlives the terminal; its problems are in `hook.log`."""
    from tgl_client.cli.hook_command import run_detached  # noqa: PLC0415 -- as above

    raise typer.Exit(run_detached(path))
