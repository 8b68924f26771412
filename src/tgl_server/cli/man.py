"""`tgl-server man`: manual pages, made from the commands."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tgl_protocol import __version__
from tgl_protocol.manual import pages, plain, roff
from tgl_server.cli.output import say
from tgl_server.errors import ServerError


def man(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]...", help="A command, such as users add.")
    ] = None,
    to: Annotated[Path | None, typer.Option(metavar="DIR", help="Write every page into this folder instead.")] = None,
) -> None:
    """Print the manual page of a command, or write those of all commands as files for man.

    Such as into /usr/local/share/man/man1, after which `man tgl-server-users` works.
    """
    found = {page.words: page for page in pages(context.find_root().command, "tgl-server")}
    if to is None:
        wanted = " ".join(("tgl-server", *(words or ())))
        if wanted not in found:
            raise ServerError(f"there is no command `{wanted}`; `tgl-server --help` lists them")
        say(plain(found[wanted]).rstrip())
        return
    try:
        to.mkdir(parents=True, exist_ok=True)
        for page in found.values():
            source = roff(page, release=f"tgl-server {__version__}", day=datetime.now(UTC).date())
            (to / f"{page.name}.1").write_text(source, encoding="utf-8")
            say(str(to / f"{page.name}.1"))
    except OSError as error:
        raise ServerError(f"{to} cannot be written: {error.strerror}") from None
