"""`tgl-server pulls`: the queue and the workers, on the command line of the server's machine."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from tgl_server.access.ids import RepoId
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.auth.argon2 import Argon2
from tgl_server.broker.installed import check_broker_installed
from tgl_server.broker.sending import BrokerAway, WakeUp, open_sender
from tgl_server.cli.context import process_settings, run_with_database, with_database
from tgl_server.cli.output import say
from tgl_server.cli.pages import AsJson, say_json, say_rows
from tgl_server.cli.projects import find_project
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.projects.service import find_repo
from tgl_server.pull import operating
from tgl_server.pull.operating import PullFigures, QueuedRepo, SeenWorker
from tgl_server.pull.service import request_pull, wake_up_for
from tgl_server.settings import Settings

app = typer.Typer(help="See what is pulled and by whom; pause all pulls; pull a repository now.", no_args_is_help=True)

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="The most repositories to list.")]
Slug = Annotated[str, typer.Argument(metavar="PROJECT", help="The slug of the project.")]
RepoName = Annotated[str, typer.Argument(metavar="REPO", help="The name of the repository.")]

_MB = 1024 * 1024


@app.command("list")
def list_(limit: Limit = 100, as_json: AsJson = False) -> None:
    """List the repositories that are pulled: what runs, what is due, and what comes next."""

    async def act(database: Database, _: Argon2) -> tuple[PullFigures, list[QueuedRepo]]:
        async with database.statements() as reader:
            return await operating.pull_figures(reader), await operating.list_queue(reader, limit)

    figures, found = run_with_database(act)
    if as_json:
        say_json(figures=figures, pulls=found)
        return
    if figures.paused_at is not None:
        say(f"All pulls are paused since {figures.paused_at:%Y-%m-%d %H:%M} UTC: {figures.paused_reason}")
    say(f"{figures.running} run, {figures.due + figures.queued} wait, {figures.repos} are pulled in all")
    say_rows([_queue_row(each) for each in found])


def _queue_row(repo: QueuedRepo) -> Sequence[str]:
    since = f"{repo.since:%Y-%m-%d %H:%M:%S}" if repo.since else ""
    failed = f"failed {_times(repo.failures)}: {repo.failure_code}" if repo.failures else ""
    return f"{repo.project}/{repo.repo}", repo.state, since, repo.worker or "", repo.paused_reason or failed


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


@app.command()
def workers(as_json: AsJson = False) -> None:
    """List the workers of the last day, with when each was last seen."""

    async def act(database: Database, _: Argon2) -> list[SeenWorker]:
        async with database.statements() as reader:
            return await operating.list_workers(reader)

    found = run_with_database(act)
    if as_json:
        say_json(workers=found)
        return
    say_rows([_worker_row(each) for each in found])


def _worker_row(worker: SeenWorker) -> Sequence[str]:
    free = "" if worker.disk_free is None else f"{worker.disk_free // _MB:,} MB free"
    return (
        f"{worker.host}:{worker.pid}",
        "alive" if worker.is_alive else "gone",
        f"seen {worker.seen_at:%Y-%m-%d %H:%M:%S}",
        f"children {worker.children}",
        "broker" if worker.uses_broker else "database",
        free,
        worker.version,
    )


@app.command()
def pause(reason: Annotated[str, typer.Argument(help="The reason, which others are shown.")] = "maintenance") -> None:
    """Let no pull begin anywhere; those that run go on to their end, and what is asked for waits."""

    async def act(database: Database, _: Argon2) -> int:
        async with database.transaction() as tx:
            await operating.pause_all(tx, reason, COMMAND_LINE)
            return (await operating.pull_figures(tx)).running

    running = run_with_database(act)
    say(f"Paused all pulls; {running} still run. `tgl-server pulls resume` ends it")


@app.command()
def resume() -> None:
    """Let pulls begin again; what came due meanwhile is due now."""

    async def act(database: Database, _: Argon2) -> bool:
        async with database.transaction() as tx:
            return await operating.resume_all(tx, COMMAND_LINE)

    say("Resumed" if run_with_database(act) else "Pulls were not paused")


@app.command("run")
def run_now(project: Slug, repo: RepoName) -> None:
    """Ask for a pull of a repository now; a worker does it. Ends a pause of this repository."""

    async def act(database: Database, _: Argon2) -> tuple[UUID, WakeUp]:
        async with database.transaction() as tx:
            found = await find_repo(tx, await find_project(tx, project), repo)
            if found is None:
                raise ServerError(f"the project {project} has no repository {repo}; `tgl-server repos list` shows them")
            repo_id = RepoId(found.id)
            return await request_pull(tx, repo_id, COMMAND_LINE), await wake_up_for(tx, repo_id)

    with with_database(process_settings()) as settings:
        run_id, wake_up = run_with_database(act, settings)
        _tell_workers(settings, wake_up)
    say(f"Asked for a pull of {project}/{repo}: run {run_id}")


def _tell_workers(settings: Settings, wake_up: WakeUp) -> None:
    """Wake a worker up, where there is a broker; else, and where it is away, a tick finds what was asked for."""
    if not settings.broker_url:
        return
    check_broker_installed(settings)
    try:
        open_sender(settings.broker_url)(wake_up)
    except BrokerAway as error:
        say(f"warning: {error}; the next tick of a beat finds it", err=True)
