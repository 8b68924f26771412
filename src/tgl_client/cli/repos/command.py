"""The options of `tgl repos`."""

from typing import Final

import typer

from tgl_client.cli import options

EXAMPLES: Final = options.examples(
    ("tgl repos", "all repositories that the key sees"),
    ("tgl repos -p core", "those of one project"),
)


def repos(
    config: options.Config = None,
    url: options.Url = None,
    project: options.Project = None,
    as_json: options.Json = False,
) -> None:
    """List the repositories that the key sees: of one project, or of all."""
    from tgl_client.cli.repos.act import show_repos  # noqa: PLC0415 -- only this command pays for it
    from tgl_client.settings.flags import Flags  # noqa: PLC0415

    raise typer.Exit(show_repos(Flags(config=config, url=url), project, as_json=as_json))
