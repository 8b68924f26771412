"""`tgl-server serve`."""

import asyncio
import os
import signal
import threading
import time
from typing import Annotated

import typer

from tgl_server import serving
from tgl_server.cli.context import Port, database_needed, process_settings, with_database, with_secret_key
from tgl_server.db import migrate
from tgl_server.db.engine import Database
from tgl_server.db.pooler import check_pooler
from tgl_server.settings import Settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    migrate_first: Annotated[bool, typer.Option("--migrate", help="Migrate the database before serving.")] = False,
    stop_with: Annotated[int, typer.Option(hidden=True, help="Stop when this process is our parent no more.")] = 0,
) -> None:
    """Serve the HTTP API until Ctrl-C.

    Uses DATABASE_URL, or an embedded PostgreSQL in your data folder where that is not set.
    """
    if stop_with:
        threading.Thread(target=_stop_with, args=[stop_with], daemon=True).start()
    host = serving.ip_address(host)
    with with_database(process_settings()) as settings:
        with database_needed(settings):
            if migrate_first:
                migrate.upgrade(settings.database_url)
            asyncio.run(_check(settings))
        port = port or serving.free_port(host)
        typer.echo(f"Listening on http://{f'[{host}]' if ':' in host else host}:{port}", err=True)
        serving.serve(with_secret_key(settings), host=host, port=port, workers=workers)


def _stop_with(parent_pid: int) -> None:
    """A parent that was killed could not stop us, and nobody else knows that we serve."""
    while os.getppid() == parent_pid:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


async def _check(settings: Settings) -> None:
    database = Database(settings)
    try:
        await check_pooler(database)
        await migrate.check_migrated(database)
    finally:
        await database.close()
