"""The options of `tgl push`."""

from typing import Annotated, Final

import typer

from tgl_client.cli import options
from tgl_client.cli.preload import preload

EXAMPLES: Final = options.examples(
    ("tgl push", "send what the server does not have of this repository"),
    ("tgl push -n", "show how many commits that would be"),
    ("tgl push --branch @default", "the default branch alone"),
    ("tgl push -c repos.yaml --quiet", "all repositories of a file, as for cron"),
    ("tgl push --json", "the result for a program"),
)


def push(
    paths: options.Paths = None,
    config: options.Config = None,
    url: options.Url = None,
    project: options.Project = None,
    repo: options.Repo = None,
    branch: options.Branch = None,
    since: options.Since = None,
    remotes: options.Remotes = False,
    recheck: Annotated[bool, typer.Option("--recheck", help="Ask for every commit, whatever is recorded.")] = False,
    join_history: Annotated[
        bool,
        typer.Option(
            "--join-history", help="Push also where the server has another history in the repository: mixes the two."
        ),
    ] = False,
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
    """Push the commits that are missing on the server.

    Asks the server what it has, so it can be stopped and repeated at any time, and run from several machines.
    File names and contents are never sent.
    """
    preload("tgl_history")
    from tgl_client.cli.push import act  # noqa: PLC0415 -- only this command pays for HTTP and Git
    from tgl_client.settings.flags import Flags  # noqa: PLC0415

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
    choices = act.Choices(
        since=since, remotes=remotes, recheck=recheck, join_history=join_history, quiet=quiet, as_json=as_json
    )
    if not dry_run and full:
        raise typer.BadParameter("--full goes with --dry-run")
    if full:
        code = act.print_whole(flags, choices)
    elif dry_run:
        code = act.plan(flags, choices)
    else:
        code = act.push(flags, choices)
    raise typer.Exit(code)
