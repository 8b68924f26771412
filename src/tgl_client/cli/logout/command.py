"""The options of `tgl logout`."""

from typing import Annotated, Final

import typer

from tgl_client.cli import options

EXAMPLES: Final = options.examples(
    ("tgl logout", "forget the key of the last login"),
    ("tgl logout --all", "forget every key"),
)


def logout(
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="The server; else that of the last login.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Forget the keys of every server.")] = False,
) -> None:
    """Forget the stored API key of a server.

    The key itself stays valid: revoke it in the web page where nobody is to use it any more.
    """
    if url and every:
        raise typer.BadParameter("--all goes without a URL")
    from tgl_client.cli.logout.act import log_out  # noqa: PLC0415 -- only this command pays for it

    raise typer.Exit(log_out(url, every=every))
