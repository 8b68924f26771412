"""`tgl-server repos empty` and `prune`: taking commits away from a repository, listed first and asked about."""

import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.visible import visible
from tgl_server.access.ids import RepoId
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import process_settings, run_with_database, with_database
from tgl_server.cli.output import say
from tgl_server.cli.projects import find_project
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.features import FOLLOWERS
from tgl_server.http.database_errors import database_refusal
from tgl_server.projects.service import find_repo
from tgl_server.removals import service
from tgl_server.removals.service import Contents, Unreached
from tgl_server.settings import Settings

T = TypeVar("T")

ProjectSlug = Annotated[str, typer.Argument(help="The slug of the project that it belongs to.")]
RepoName = Annotated[str, typer.Argument(help="The repository's name.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def empty(project: ProjectSlug, name: RepoName, yes: Yes = False) -> None:
    """Delete all commits and branch tips of a repository, for good; the next push fills it again.

    The repository, its settings and the history of its pushes stay.
    """

    async def look(database: Database, _: Argon2) -> Contents:
        async with database.transaction() as tx:
            return await service.contents_of(tx, await _repo_id(tx, project, name))

    async def remove(database: Database, _: Argon2) -> int:
        async with database.transaction() as tx:
            return await service.empty_repo(tx, await _repo_id(tx, project, name), COMMAND_LINE, FOLLOWERS)

    with with_database(process_settings()) as settings:
        _show_contents(f"{project}/{name}", _run(look, settings))
        _confirm(f"empty {project} {name}", f"This deletes all commits of {project}/{name}. Go on?", yes)
        removed = _run(remove, settings)
    say(f"Deleted {removed:,} commits of {project}/{name}; the next push fills it again")


def prune(
    project: ProjectSlug,
    name: RepoName,
    forget: Annotated[
        list[str] | None,
        typer.Option(metavar="REF", help="Forget this recorded tip first, such as refs/heads/foreign; repeatable."),
    ] = None,
    set_back: Annotated[
        bool,
        typer.Option("--set-back", help="Also delete what continues a recorded branch: it was set back on purpose."),
    ] = False,
    yes: Yes = False,
) -> None:
    """Delete the commits that no recorded branch tip reaches, whichever machine recorded it; for good.

    Refuses where the recorded tips do not tell which commits are needed.
    """
    forgotten = tuple(forget or ())

    async def look(database: Database, _: Argon2) -> Unreached:
        async with database.transaction() as tx:
            return await service.unreached_in(tx, await _repo_id(tx, project, name), forgotten)

    with with_database(process_settings()) as settings:
        seen = _run(look, settings)

        async def remove(database: Database, _: Argon2) -> int:
            async with database.transaction() as tx:
                repo_id = await _repo_id(tx, project, name)
                return await service.prune_repo(tx, repo_id, seen, COMMAND_LINE, FOLLOWERS, forgotten)

        _show_unreached(f"{project}/{name}", seen)
        if seen.continued and not set_back:
            raise ServerError(_continued(seen.continued))
        if seen.commits or forgotten:
            _confirm(f"prune {project} {name}", f"This deletes {seen.commits:,} commits. Go on?", yes)
            say(f"Deleted {_run(remove, settings):,} commits of {project}/{name}")


async def _repo_id(tx: AsyncSession, project: str, name: str) -> RepoId:
    found = await find_repo(tx, await find_project(tx, project), name) if name.isprintable() else None
    if found is None:
        raise ServerError(f"the project {project} has no repository {name}")
    return RepoId(found.id)


def _run(act: Callable[[Database, Argon2], Awaitable[T]], settings: Settings) -> T:
    """Run the act; a repository that others hold for too long is said in words."""
    try:
        return run_with_database(act, settings)
    except DBAPIError as error:
        raise database_refusal(error) or error from None


def _confirm(command: str, question: str, yes: bool) -> None:
    """Ask before commits are deleted, and refuse without a terminal to ask on."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise ServerError(f"`repos {command}` deletes what is listed above; add --yes to do it")
    typer.confirm(question, abort=True)


def _show_contents(repo: str, contents: Contents) -> None:
    say(f"{repo} has {contents.commits:,} commits{_between(contents.first_date, contents.last_date)}")
    say(f"Recorded branch tips: {contents.tips_total:,}")
    _list((f"{tip.sha[:12]}  {tip.name}" for tip in contents.tips), contents.tips_total - len(contents.tips))


def _show_unreached(repo: str, seen: Unreached) -> None:
    if not seen.commits:
        say(f"The recorded tips of {repo} reach each of its {seen.reached:,} commits: there is nothing to prune")
        return
    dates = _between(seen.first_date, seen.last_date)
    say(f"The recorded tips of {repo} reach {seen.reached:,} commits, and not {seen.commits:,}{dates}")
    newest = (
        f"{each.sha[:12]}  {each.commit_date:%Y-%m-%d}  {each.author_name}  {each.message_title}"
        for each in seen.newest
    )
    _list(newest, seen.commits - len(seen.newest))
    if seen.roots:
        say(f"Among them are whole histories, which begin with {', '.join(sha[:12] for sha in seen.roots)}.")
        say("If one was joined on purpose, it has lost its branch to another of the same name: push it again under a")
        say("name of its own before you prune.")


def _continued(names: Sequence[str]) -> str:
    return (
        f"commits listed above continue the recorded tip of {', '.join(map(visible, names))}, as where a clone that is "
        "behind pushed last; push from one that is up to date, or add --set-back if the branch was set back on purpose"
    )


def _list(lines: Iterable[str], left_out: int) -> None:
    for line in lines:
        # Whoever pushes chooses names and titles, which may hold what moves a terminal's cursor.
        say(f"  {visible(line)}")
    if left_out:
        say(f"  and {left_out:,} more")


def _between(first: datetime | None, last: datetime | None) -> str:
    return f", from {first:%Y-%m-%d} to {last:%Y-%m-%d}" if first and last else ""
