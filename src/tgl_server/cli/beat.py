"""`tgl-server beat`: wakes up workers for what is due."""

import asyncio

from tgl_server.broker.address import shown_broker
from tgl_server.broker.installed import check_broker_installed
from tgl_server.broker.sending import open_sender
from tgl_server.cli.context import data_dir, database_needed, process_settings, with_database
from tgl_server.cli.output import say
from tgl_server.cli.until_stopped import run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.db.reachable import place_of
from tgl_server.errors import StartupError
from tgl_server.logs import configure_logs
from tgl_server.pull.beat import Beat
from tgl_server.settings import secret_texts


def beat() -> None:
    """Wake up workers for repositories that are due, until Ctrl-C; any number of beats may run.

    Looks into the database every 5 seconds, and sends a message through BROKER_URL for each. On a single machine
    `tgl-server worker --with-beat` does the same.
    """
    given = process_settings()
    if not given.broker_url:
        raise StartupError("BROKER_URL names no broker; without one, `tgl-server worker --no-broker` needs no beat")
    check_broker_installed(given)
    with with_database(given, keep_running=True) as settings, database_needed(settings):
        configure_logs(settings.log_level, settings.log_format, secret_texts(settings))
        database = place_of(given.database_url) if given.database_url else f"embedded, in {data_dir(given)}"
        say(f"Waking up workers\n  database  {database}\n  broker    {shown_broker(settings.broker_url)}", err=True)

        async def work(database: Database, stop: asyncio.Event) -> None:
            await Beat(database, open_sender(settings.broker_url)).run(stop)

        run_until_stopped(settings, work)
