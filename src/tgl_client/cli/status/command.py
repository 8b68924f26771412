"""The options of `tgl status`."""

from typing import Final

import typer

from tgl_client.cli import options
from tgl_client.cli.preload import preload

EXAMPLES: Final = options.examples(
    ("tgl status", "compare this repository with the server"),
    ("tgl status -c repos.yaml", "compare all repositories of a file"),
)


def status(
    paths: options.Paths = None,
    config: options.Config = None,
    url: options.Url = None,
    project: options.Project = None,
    repo: options.Repo = None,
    as_json: options.Json = False,
) -> None:
    """Show what the server has of each repository, and what is missing.

    Sends nothing. Also lists the commits that the server refused in the last push.
    """
    preload("tgl_history")
    from tgl_client.cli.status.act import show_status  # noqa: PLC0415 -- only this command pays for it
    from tgl_client.settings.flags import Flags  # noqa: PLC0415

    flags = Flags(paths=tuple(paths or ()), config=config, url=url, project=project, repo=repo)
    raise typer.Exit(show_status(flags, as_json=as_json))
