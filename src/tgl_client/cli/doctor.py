"""`tgl test`, also called `tgl doctor`."""

from typing import Annotated

import typer

from tgl_client.cli import options
from tgl_client.cli.preload import preload


def doctor(
    paths: options.Paths = None,
    config: options.Config = None,
    url: options.Url = None,
    project: options.Project = None,
    repo: options.Repo = None,
    origin: Annotated[bool, typer.Option("--origin", help="Show where each setting comes from.")] = False,
    as_json: options.Json = False,
) -> None:
    """Check settings, server, key, clock and every repository, one line each, with the remedy."""
    preload("tgl_client.history")
    from tgl_client.cli.doctor_command import examine  # noqa: PLC0415 -- only this command pays for it
    from tgl_client.config import Flags  # noqa: PLC0415

    flags = Flags(paths=tuple(paths or ()), config=config, url=url, project=project, repo=repo)
    raise typer.Exit(examine(flags, origin=origin, as_json=as_json))
