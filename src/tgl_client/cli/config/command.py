"""The options of `tgl config`."""

from typing import Annotated

import typer

from tgl_client.cli import options

config = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The settings: show them, and keep some for every push from here.",
    epilog=options.examples(
        ("tgl config list", "every setting, and where it comes from"),
        ("tgl config set timeout 600", "end each push after ten minutes"),
        ("tgl config unset timeout", "no longer"),
    ),
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name that `tgl config list` shows.")]


@config.command("list")
def list_settings(as_json: options.Json = False) -> None:
    """Show every setting that counts in this folder, and where it comes from."""
    from tgl_client.cli.config.act import show_all  # noqa: PLC0415 -- only this command pays for it

    raise typer.Exit(show_all(as_json=as_json))


@config.command("get")
def get_setting(name: Name) -> None:
    """Print the value of one setting, or an empty line."""
    from tgl_client.cli.config.act import show_one  # noqa: PLC0415 -- as above

    raise typer.Exit(show_one(name))


@config.command("set")
def set_setting(name: Name, value: Annotated[str, typer.Argument(metavar="VALUE", help="The value to keep.")]) -> None:
    """Keep a setting for every push of this user; options, the environment and repos.yaml win over it."""
    from tgl_client.cli.config.act import keep  # noqa: PLC0415 -- as above

    raise typer.Exit(keep(name, value))


@config.command("unset")
def unset_setting(name: Name) -> None:
    """Forget what `tgl config set` or `tgl login` has kept."""
    from tgl_client.cli.config.act import forget  # noqa: PLC0415 -- as above

    raise typer.Exit(forget(name))
