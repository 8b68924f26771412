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
Branch = Annotated[
    list[str] | None,
    typer.Option(
        "--branch",
        "-b",
        metavar="GLOB",
        help="Only these branches: main, release/*, @default; '!dependabot/*' leaves out.",
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="DATE", help="Only commits from this day on, such as 2026-01-31 or 2026-01-31T12:00+01:00."
    ),
]
Remotes = Annotated[bool, typer.Option("--remotes", help="Remote-tracking branches as well.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]...", help="Git repositories; else those of the repos.yaml, else the current folder."
    ),
]


def examples(*lines: tuple[str, str]) -> str:
    """The epilog of a command: command lines, each with what it does. A test reads them as the command would."""
    width = max(len(line) for line, _ in lines)
    return "\n".join(["\b", "Examples:", *(f"  {line:<{width}}  {what}" for line, what in lines)])
