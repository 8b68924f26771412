"""`tgl-server worker`: pulls repositories."""

import asyncio
import shutil
from functools import partial
from typing import Annotated

import typer

from tgl_history.statistics.git_engine import version_of
from tgl_server.broker.address import shown_broker
from tgl_server.broker.installed import check_broker_installed
from tgl_server.broker.sending import open_sender
from tgl_server.cli.context import data_dir, database_needed, process_settings, with_database
from tgl_server.cli.output import say
from tgl_server.cli.parent import stop_with
from tgl_server.cli.until_stopped import run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.db.reachable import place_of
from tgl_server.errors import StartupError
from tgl_server.logs import configure_logs
from tgl_server.migration.workers import comparing
from tgl_server.pull.beat import Beat
from tgl_server.pull.child import bound_memory, pull_in_child
from tgl_server.pull.mirrors import mirrors_folder, this_host
from tgl_server.pull.pooled import PooledWorker
from tgl_server.pull.upkeep import jobs_of
from tgl_server.pull.worker import Worker
from tgl_server.remotes.command import OLDEST_GIT
from tgl_server.settings import Settings, secret_texts

NoBroker = Annotated[bool, typer.Option("--no-broker", help="Look for work in the database alone.")]
Children = Annotated[int, typer.Option(min=1, max=64, help="Repositories to pull at a time.")]
WithBeat = Annotated[bool, typer.Option("--with-beat", help="Be a beat as well: enough for a single machine.")]
StopWith = Annotated[int, typer.Option("--stop-with", hidden=True, help="Stop when this is our parent no more.")]
PoolOf = Annotated[int, typer.Option("--pool-of", hidden=True, help="Be the pool of the worker with this id.")]


def worker(
    no_broker: NoBroker = False,
    children: Children = 2,
    with_beat: WithBeat = False,
    parent: StopWith = 0,
    of: PoolOf = 0,
) -> None:
    """Pull repositories whose sync method is pull_celery, until Ctrl-C; any number of workers share the work.

    With BROKER_URL, messages of a beat say what is due, and each pull has a process of its own. Without a broker, it
    looks into the database every 5 seconds. Stopping gives running pulls back, for another worker to go on.
    """
    given = process_settings()
    if of:
        raise SystemExit(_be_pool(given, children, of))
    _check_broker(given, no_broker)
    _check_git()
    if parent:
        stop_with(parent)
    with with_database(given, keep_running=True) as settings, database_needed(settings):
        configure_logs(settings.log_level, settings.log_format, secret_texts(settings))
        if not parent:  # the server says more itself
            say(f"Pulling {children} repositories at a time", err=True)
            _say_places(given, settings, no_broker)
        run_until_stopped(settings, partial(_work, settings, children, no_broker, with_beat))


def _check_broker(given: Settings, no_broker: bool) -> None:
    """Raises `StartupError` without a broker, or without what speaks to it."""
    if no_broker:
        return
    if not given.broker_url:
        raise StartupError(
            "BROKER_URL names no broker; set it to the redis:// or valkey:// address of one, or start "
            "`tgl-server worker --no-broker`, which needs none"
        )
    check_broker_installed(given)


def _be_pool(settings: Settings, children: int, parent: int) -> int:
    """Celery's part of a worker, which starts and stops it; the exit status."""
    from tgl_server.broker.pool import Pool, end_with, run_pool  # noqa: PLC0415 -- needs the extra

    if not end_with(parent):
        stop_with(parent)
    configure_logs(settings.log_level, settings.log_format, secret_texts(settings))
    pool = Pool(settings.broker_url, this_host(), children, settings.pull_fetch_minutes)
    return run_pool(pool, bound_memory, partial(pull_in_child, settings, jobs=jobs_of(children)))


def _say_places(given: Settings, settings: Settings, no_broker: bool) -> None:
    database = place_of(given.database_url) if given.database_url else f"embedded, in {data_dir(given)}"
    say(f"  database  {database}\n  mirrors   {mirrors_folder(settings)}", err=True)
    say(f"  broker    {'none' if no_broker else shown_broker(settings.broker_url)}", err=True)


def _check_git() -> None:
    """Raises `StartupError` without a git that connects to no other address than the one that was checked."""
    found = shutil.which("git")
    if found is None:
        raise StartupError("pulling needs git, and none is on the PATH; install git")
    version = version_of(found)
    if version < OLDEST_GIT:
        oldest, shown = (".".join(map(str, numbers)) for numbers in (OLDEST_GIT, version))
        what = f"is {shown}" if version > (0,) else "does not run"
        raise StartupError(f"pulling needs git {oldest} or later, and {found} {what}; install a newer one")


async def _work(
    settings: Settings, children: int, no_broker: bool, with_beat: bool, database: Database, stop: asyncio.Event
) -> None:
    async with comparing(database, settings):
        if no_broker:
            bound_memory()  # not before: an embedded PostgreSQL that was started here has none
            await Worker(database, settings, children).run(stop)
        else:
            beat = Beat(database, open_sender(settings.broker_url)) if with_beat else None
            await PooledWorker(database, settings, children, beat).run(stop)
