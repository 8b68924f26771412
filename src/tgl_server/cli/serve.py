"""`tgl-server serve`: the HTTP server."""

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import structlog
import typer

from tgl_protocol import __version__
from tgl_server.accounts.service import list_users
from tgl_server.cli import parent
from tgl_server.cli.context import (
    Port,
    data_dir,
    database_needed,
    process_settings,
    with_database,
    with_secret_key,
)
from tgl_server.db import migrate
from tgl_server.db.engine import Database
from tgl_server.db.pooler import check_pooler
from tgl_server.db.reachable import place_of
from tgl_server.logs import configure_logs
from tgl_server.serving import addresses, server
from tgl_server.serving.announce import announce, url_of
from tgl_server.serving.pull_worker import worker_beside
from tgl_server.serving.tls import checked_tls
from tgl_server.settings import Hosting, Settings, secret_texts

TlsCert = Annotated[Path | None, typer.Option(help="The certificate of this server with its chain, in PEM.")]
TlsKey = Annotated[Path | None, typer.Option(help="The key of the certificate, in PEM, without a password.")]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    migrate_first: Annotated[bool, typer.Option("--migrate", help="Migrate the database before serving.")] = False,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    stop_with: Annotated[int, typer.Option(hidden=True, help="Stop when this is our parent no more.")] = 0,
) -> None:
    """Serve the HTTP API until Ctrl-C; with a certificate over TLS, where no proxy stands before it.

    Uses DATABASE_URL, or an embedded PostgreSQL in your data folder where that is not set; then a worker that pulls
    repositories runs beside it, too.
    """
    if stop_with:
        parent.stop_with(stop_with)
    host = addresses.ip_address(host)
    given = process_settings()
    tls = checked_tls(tls_cert, tls_key, given)
    server.check_servable(given, workers)
    with with_database(given, keep_running=True) as settings:
        with database_needed(settings):
            if migrate_first:
                migrate.upgrade(settings.database_url)
            has_users = asyncio.run(_check(settings))
        port = port or addresses.free_port(host)
        addresses.check_address(host, port)
        url = url_of(host, port, is_tls=tls is not None)
        database = place_of(given.database_url) if given.database_url else f"embedded, in {data_dir(given)}"
        _log_start(settings, database, url, workers)
        if not stop_with:  # the demo says more itself
            said = (
                ("console", f"{given.public_origin or url}/"),
                ("database", database),
                ("next", _next_step(url, has_users)),
            )
            announce(host, port, url, [f"  {name:<9} {text}" for name, text in said])
        hosting = Hosting(workers=workers, data_dir=None if given.database_url else data_dir(given))
        pulls = settings.pull_worker and not given.database_url
        with worker_beside(settings.database_url) if pulls else nullcontext():
            server.serve(with_secret_key(settings), hosting, host=host, port=port, tls=tls)


def _log_start(settings: Settings, database: str, url: str, workers: int) -> None:
    """The first line of the log: what begins here. Passwords are not in it."""
    configure_logs(settings.log_level, settings.log_format, secret_texts(settings))
    structlog.get_logger().info(
        "starting",
        version=__version__,
        environment=str(settings.environment),
        database=database,
        workers=workers,
        address=url,
    )


def _next_step(url: str, has_users: bool) -> str:
    if not has_users:
        return "tgl-server users create you@example.com   makes the first commissioner"
    return f"tgl login {url}   on a machine that has a repository; {url}/schema shows the API"


async def _check(settings: Settings) -> bool:
    """Raises `StartupError` if the database is not usable; True if there is any account."""
    database = Database(settings)
    try:
        await check_pooler(database)
        await migrate.check_migrated(database)
        if database.standby is not None:
            async with database.statements() as primary:
                await database.standby.check(primary)
        async with database.transaction() as tx:
            return bool((await list_users(tx, limit=1)).items)
    finally:
        await database.close()
