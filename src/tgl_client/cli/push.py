"""`tgl push`."""

from pathlib import Path
from typing import Annotated

import typer

from tgl_client.cli.preload import preload


def push(
    path: Annotated[Path, typer.Argument(help="A Git repository, or a folder inside one.")] = Path(),
    url: Annotated[str | None, typer.Option(help="The server's address [env: TGL_URL].")] = None,
    project: Annotated[str | None, typer.Option(help="Slug or id of the project [env: TGL_PROJECT].")] = None,
    repo: Annotated[str | None, typer.Option(help="Name or id of the repository there [env: TGL_REPO].")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Push the commits that the server lacks."""
    preload("tgl_client.history")
    from tgl_client.cli.push_command import push_one  # noqa: PLC0415 -- only `tgl push` pays for HTTP and Git

    code = push_one(path, url=url, project=project, repo=repo, quiet=quiet, as_json=as_json)
    raise typer.Exit(code)
