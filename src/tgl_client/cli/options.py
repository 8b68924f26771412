"""The options that several commands share, declared once."""

from pathlib import Path
from typing import Annotated

import typer

Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="The server's address. [env: TGL_URL]")]
Project = Annotated[
    str | None, typer.Option("--project", "-p", metavar="SLUG", help="Project, by slug or id. [env: TGL_PROJECT]")
]
Repo = Annotated[
    str | None,
    typer.Option("--repo", "-r", metavar="NAME", help="Repository on the server, by name or id. [env: TGL_REPO]"),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="A repos.yaml; else the one found here. [env: TGL_CONFIG]"),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]...", help="Git repositories; else those of the repos.yaml, else the current folder."
    ),
]
