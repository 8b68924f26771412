"""`tgl push`."""

from typing import Annotated

import typer

from tgl_client.cli import options
from tgl_client.cli.preload import preload


def push(
    paths: options.Paths = None,
    config: options.Config = None,
    url: options.Url = None,
    project: options.Project = None,
    repo: options.Repo = None,
    branch: Annotated[
        list[str] | None,
        typer.Option("--branch", "-b", metavar="GLOB", help="Only these branches, such as main or release/*."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Only commits from this day on, such as 2026-01-31 or 2026-01-31T12:00+01:00."
        ),
    ] = None,
    remotes: Annotated[bool, typer.Option("--remotes", help="Remote-tracking branches as well.")] = False,
    recheck: Annotated[bool, typer.Option("--recheck", help="Ask for every commit, whatever is recorded.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be sent, and send nothing.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="With --dry-run: print every commit as it would be sent, one a line.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", help="Processes that count lines. [env: TGL_JOBS]")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(metavar="git|pygit2", help="What counts the lines. [env: TGL_ENGINE]")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Time limit for everything together. [env: TGL_TIMEOUT]"),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(metavar="N", help="Commits in a request, 1 to 1000. [env: TGL_BATCH_SIZE]")
    ] = None,
    max_retries: Annotated[
        int | None, typer.Option(metavar="N", help="Tries after a fault. [env: TGL_MAX_RETRIES]")
    ] = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Push the commits that the server lacks.

    Asks the server what it has, so it can be stopped and repeated at any time, and run from several machines.
    File names and contents are never sent.
    """
    preload("tgl_client.history")
    from tgl_client.cli import push_command  # noqa: PLC0415 -- only this command pays for HTTP and Git
    from tgl_client.config import Flags  # noqa: PLC0415

    flags = Flags(
        paths=tuple(paths or ()),
        config=config,
        url=url,
        project=project,
        repo=repo,
        branches=tuple(branch or ()),
        batch_size=batch_size,
        max_retries=max_retries,
        timeout=timeout,
        jobs=jobs,
        engine=engine,
    )
    wish = push_command.Wish(since=since, remotes=remotes, recheck=recheck, quiet=quiet, as_json=as_json)
    if not dry_run and full:
        raise typer.BadParameter("--full goes with --dry-run")
    if full:
        code = push_command.print_whole(flags, wish)
    elif dry_run:
        code = push_command.plan(flags, wish)
    else:
        code = push_command.push(flags, wish)
    raise typer.Exit(code)
