"""The options of `tgl man`."""

from pathlib import Path
from typing import Annotated, Final

import typer

from tgl_client.cli import options

EXAMPLES: Final = options.examples(
    ("tgl man push", "the page of a command"),
    ("tgl man --to ~/.local/share/man/man1", "write all pages, for `man tgl-push`"),
)


def man(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]...", help="A command; else the page of `tgl` itself.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write every page into this folder instead, as files for man.")
    ] = None,
) -> None:
    """Show the manual page of a command.

    Opens it with `man` where there is one, and prints it as text elsewhere. With --to it writes the pages of all
    commands, such as into ~/.local/share/man/man1, after which `man tgl-push` works.
    """
    from tgl_client.cli.man.act import show, write_all  # noqa: PLC0415 -- only this command pays for it

    root = context.find_root().command
    raise typer.Exit(write_all(root, to) if to is not None else show(root, tuple(words or ())))
