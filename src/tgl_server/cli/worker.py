"""`tgl-server worker`: pulls repositories."""

import asyncio
import shutil
import signal
from typing import Annotated

import typer

from tgl_history.statistics.git_engine import version_of
from tgl_server.cli.context import data_dir, database_needed, process_settings, with_database
from tgl_server.cli.output import say
from tgl_server.cli.parent import stop_with
from tgl_server.db.engine import Database
from tgl_server.db.migrate import check_migrated
from tgl_server.db.pooler import check_pooler
from tgl_server.db.reachable import place_of
from tgl_server.errors import StartupError
from tgl_server.logs import configure_logs
from tgl_server.pull.mirrors import mirrors_folder
from tgl_server.pull.worker import Worker
from tgl_server.remotes.command import OLDEST_GIT
from tgl_server.settings import Settings, secret_texts


def worker(
    no_broker: Annotated[bool, typer.Option("--no-broker", help="Look for work in the database alone.")] = False,
    children: Annotated[int, typer.Option(min=1, max=64, help="Repositories to pull at a time.")] = 2,
    parent: Annotated[int, typer.Option("--stop-with", hidden=True, help="Stop when this is our parent no more.")] = 0,
) -> None:
    """Pull repositories whose sync method is pull_celery, until Ctrl-C; any number of workers share the work.

    Looks every 5 seconds for what is due. Stopping gives running pulls back, for another worker to go on.
    """
    if not no_broker:
        raise StartupError("no broker is set up; start it as `tgl-server worker --no-broker`, which needs none")
    _check_git()
    if parent:
        stop_with(parent)
    given = process_settings()
    with with_database(given, keep_running=True) as settings, database_needed(settings):
        configure_logs(settings.log_level, settings.log_format, secret_texts(settings))
        if not parent:  # the server says more itself
            database = place_of(given.database_url) if given.database_url else f"embedded, in {data_dir(given)}"
            say(f"Pulling {children} repositories at a time", err=True)
            say(f"  database  {database}\n  mirrors   {mirrors_folder(settings)}", err=True)
        asyncio.run(_work(settings, children))


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


async def _work(settings: Settings, children: int) -> None:
    """Work until SIGTERM, SIGINT or a terminal that is closed; git is started from this thread, the main one."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    database = Database(settings)
    try:
        await check_pooler(database)
        await check_migrated(database)
        await Worker(database, settings, children).run(stop)
    finally:
        await database.close()
