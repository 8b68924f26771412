"""The options of `tgl hook install`, `uninstall`, `status`, and of what the hook runs."""

from pathlib import Path
from typing import Annotated

import typer

from tgl_client.cli import options

hook = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="A Git hook that pushes in the background after each commit.",
    epilog=options.examples(
        ("tgl hook install", "push after each commit, merge and rebase"),
        ("tgl hook install -b @default", "pushes of the default branch alone"),
        ("tgl hook status", "whether it works, and how the last push went"),
    ),
)

Repository = Annotated[Path, typer.Argument(metavar="[PATH]", help="A repository; else the current folder.")]


@hook.command()
def install(path: Repository = Path(), branch: options.Branch = None, as_json: options.Json = False) -> None:
    """Push in the background after commits, merges and rebases.

    Other lines of existing hooks stay. A commit never waits for the push and never fails because of it.
    Says at the end whether a push from here would succeed; without a network the hooks are installed all the same.
    """
    from tgl_client.cli.hook.act import install_hooks  # noqa: PLC0415 -- only this command pays for it

    raise typer.Exit(install_hooks(path, tuple(branch or ()), as_json=as_json))


@hook.command()
def uninstall(path: Repository = Path(), as_json: options.Json = False) -> None:
    """Remove the lines of `tgl hook install`."""
    from tgl_client.cli.hook.act import uninstall_hooks  # noqa: PLC0415 -- as above

    raise typer.Exit(uninstall_hooks(path, as_json=as_json))


@hook.command()
def status(path: Repository = Path(), as_json: options.Json = False) -> None:
    """Show whether the hooks are installed and work, and how the latest push from one went."""
    from tgl_client.cli.hook.act import show_hooks  # noqa: PLC0415 -- as above

    raise typer.Exit(show_hooks(path, as_json=as_json))


@hook.command(hidden=True)
def run(
    path: Repository = Path(),
    branch: options.Branch = None,
    queued: Annotated[Path | None, typer.Option(help="The file by which hooks know that this push is waiting.")] = None,
) -> None:
    """Push quietly and outlive the terminal, as the hook asks; problems are written to `hook.log`."""
    from tgl_client.cli.hook.run import run_detached  # noqa: PLC0415 -- as above

    raise typer.Exit(run_detached(path, tuple(branch or ()), queued))
