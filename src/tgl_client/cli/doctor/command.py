"""The options of `tgl test` and `tgl doctor`."""

from pathlib import Path
from typing import Annotated, Final

import typer

from tgl_client.cli import options
from tgl_client.cli.preload import preload

Origin = Annotated[bool, typer.Option("--origin", help="Show where each setting comes from.")]

TEST_EXAMPLES: Final = options.examples(
    ("tgl test", "check everything that a push needs"),
    ("tgl test --origin", "show where each setting comes from as well"),
)
DOCTOR_EXAMPLES: Final = options.examples(
    ("tgl doctor", "print what belongs in a report of a problem"),
)


def check(
    paths: options.Paths = None,
    config: options.Config = None,
    url: options.Url = None,
    project: options.Project = None,
    repo: options.Repo = None,
    origin: Origin = False,
    as_json: options.Json = False,
) -> None:
    """Check settings, server, key, clock and every repository, one line each, with the remedy."""
    _examine(paths, config, url, project, repo, origin=origin, report=False, as_json=as_json)


def doctor(
    paths: options.Paths = None,
    config: options.Config = None,
    url: options.Url = None,
    project: options.Project = None,
    repo: options.Repo = None,
    as_json: options.Json = False,
) -> None:
    """Show what belongs in a report of a problem, then check as `tgl test` does.

    Versions, folders, proxy, hooks, and where each setting comes from; no secret is among it.
    """
    _examine(paths, config, url, project, repo, origin=True, report=True, as_json=as_json)


def _examine(
    paths: list[Path] | None,
    config: Path | None,
    url: str | None,
    project: str | None,
    repo: str | None,
    *,
    origin: bool,
    report: bool,
    as_json: bool,
) -> None:
    preload("tgl_history")
    from tgl_client.cli.doctor.act import examine  # noqa: PLC0415 -- only this command pays for it
    from tgl_client.settings.flags import Flags  # noqa: PLC0415

    flags = Flags(paths=tuple(paths or ()), config=config, url=url, project=project, repo=repo)
    raise typer.Exit(examine(flags, origin=origin, report=report, as_json=as_json))
