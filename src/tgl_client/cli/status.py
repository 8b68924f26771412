"""`tgl status`."""

import typer

from tgl_client.cli import options
from tgl_client.cli.preload import preload


def status(
    paths: options.Paths = None,
    config: options.Config = None,
    url: options.Url = None,
    project: options.Project = None,
    repo: options.Repo = None,
    as_json: options.Json = False,
) -> None:
    """Show what the server has of each repository, and what it lacks.

    Sends nothing. Also lists the commits that the server refused in the last push.
    """
    preload("tgl_client.history")
    from tgl_client.cli.status_command import show_status  # noqa: PLC0415 -- only this command pays for it
    from tgl_client.config import Flags  # noqa: PLC0415

    flags = Flags(paths=tuple(paths or ()), config=config, url=url, project=project, repo=repo)
    raise typer.Exit(show_status(flags, as_json=as_json))
