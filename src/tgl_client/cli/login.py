"""`tgl login`."""

from typing import Annotated

import typer

from tgl_client.cli import options


def login(
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="The server's address. [env: TGL_URL]")] = None,
    project: options.Project = None,
    as_json: options.Json = False,
) -> None:
    """Store the server's address and an API key, after checking both.

    The key is asked for on a terminal, and read from standard input otherwise: keys do not belong on a command line.
    """
    from tgl_client.cli.login_command import log_in  # noqa: PLC0415 -- only this command pays for it

    raise typer.Exit(log_in(url, project, as_json=as_json))
