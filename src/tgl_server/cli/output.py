"""What commands print: one line at a time, and nothing in it that a terminal would obey."""

import typer

from tgl_protocol.visible import visible


def say(text: str, *, err: bool = False) -> None:
    """Print a text; what accounts and repositories are called need not have been checked by this version."""
    typer.echo(visible(text, keep="\n"), err=err)
