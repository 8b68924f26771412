"""The options of `tgl login`."""

from typing import Annotated, Final

import typer

from tgl_client.cli import options

EXAMPLES: Final = options.examples(
    ("tgl login https://league.example.com", "ask for a key, check it and keep it"),
    ("tgl login -p core", "change the project that pushes go to"),
)


def login(
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="The server's address. [env: TGL_URL]")] = None,
    project: options.Project = None,
    web: Annotated[
        bool, typer.Option("--web", help="Open the page that makes a key, filled in for this machine, and wait for it.")
    ] = False,
    device: Annotated[
        bool,
        typer.Option("--device", help="Show a code and wait until somebody approves it in a browser, on any machine."),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Store the server's address and an API key, after checking both.

    On a terminal, paste a key when asked, or press Enter to approve this login in a browser, here or elsewhere. Without
    a terminal the key is read from standard input: keys do not belong on a command line.
    """
    from tgl_client.cli.login.act import Way, log_in  # noqa: PLC0415 -- only this command pays for it

    if web and device:
        raise typer.BadParameter("--web and --device are two ways; take one")
    way = Way.WEB if web else Way.DEVICE if device else Way.ASKED
    raise typer.Exit(log_in(url, project, way, as_json=as_json))
