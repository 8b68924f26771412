"""The options of `tgl init`."""

from pathlib import Path
from typing import Annotated, Final

import typer

from tgl_client.cli import options

EXAMPLES: Final = options.examples(
    ("tgl init", "write repos.yaml here"),
    ("tgl init --register -p core", "create this repository on the server as well"),
)


def init(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="Where to write.")] = Path("repos.yaml"),
    url: options.Url = None,
    project: options.Project = None,
    repo: options.Repo = None,
    register: Annotated[
        bool, typer.Option("--register", help="Create the repositories of the file on the server, without asking.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented repos.yaml.

    Asks for what it needs on a terminal; elsewhere it writes what the options say, and examples for the rest.
    Inside a repository it offers to register it with the project. A file that is there stays as it is: with
    --register the repositories that it lists are created on the server.
    """
    from tgl_client.cli.init.act import Answers, write_config  # noqa: PLC0415 -- only this command pays for it

    answers = Answers(url=url, project=project, repo=repo, register=register)
    raise typer.Exit(write_config(file, answers, force=force))
