"""The options of `tgl league`."""

from typing import Annotated, Final

import typer

from tgl_client.cli import options
from tgl_client.cli.league.view import View

EXAMPLES: Final = options.examples(
    ("tgl league", "the table of the season: the first ten, and those around you"),
    ("tgl league week", "the running week alone"),
    ("tgl league me", "your own place, your weeks, and the points of today"),
)


def league(
    view: Annotated[View, typer.Argument(help="The season's table, the running week, or your own place.")] = View.TABLE,
    name: Annotated[
        str | None, typer.Option("--league", "-l", metavar="SLUG", help="The league; else the only one that you see.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--season", "-s", metavar="N", help="The season; else the newest that has begun.")
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--all", "-a", help="All players, not only the first ten and you.")
    ] = False,
    config: options.Config = None,
    url: options.Url = None,
    as_json: options.Json = False,
) -> None:
    """Show the table of a league, its running week, or your own place in it."""
    from tgl_client.cli.league.act import Choices, show_league  # noqa: PLC0415 -- only this command pays for it
    from tgl_client.settings.flags import Flags  # noqa: PLC0415

    choices = Choices(view=view, league=name, season=number, everybody=everybody, as_json=as_json)
    raise typer.Exit(show_league(Flags(config=config, url=url), choices))
