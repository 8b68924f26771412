"""The options of `tgl projects`."""

from typing import Final

import typer

from tgl_client.cli import options

EXAMPLES: Final = options.examples(
    ("tgl projects", "projects, your role, and what is in them"),
)


def projects(config: options.Config = None, url: options.Url = None, as_json: options.Json = False) -> None:
    """List the projects that the key sees, and whether you may push to them."""
    from tgl_client.cli.projects.act import show_projects  # noqa: PLC0415 -- only this command pays for it
    from tgl_client.settings.flags import Flags  # noqa: PLC0415

    raise typer.Exit(show_projects(Flags(config=config, url=url), as_json=as_json))
