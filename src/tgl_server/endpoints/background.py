"""The loop that sends messages beside the requests, and the hourly sweep of what is old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from ipaddress import ip_network
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.background import Heartbeat, Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.db.rows import changed_rows
from tgl_server.endpoints import delivery_queries as queries
from tgl_server.endpoints.delivering import MOST, Attempt, Sender, make_messages
from tgl_server.events.relay import POLL_SECONDS
from tgl_server.outbound.addresses import Reach
from tgl_server.outbound.posting import PostPolicy
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings

log = structlog.get_logger()

_BATCH_ROWS: Final = 1000
_SWEEP_SECONDS: Final = 3600.0


def post_policy(settings: Settings) -> PostPolicy:
    """The rules for receivers that the settings state."""
    networks = tuple(ip_network(text) for text in settings.endpoints_allowed_networks)
    reach = Reach(networks=networks, hosts=settings.endpoints_allowed_hosts)
    return PostPolicy(reach=reach, allow_http=settings.endpoints_allow_http, ca_file=settings.endpoints_ca_file)


async def sweep_endpoints(database: Database, kept: timedelta) -> int:
    """Wipe old secrets, and delete a batch of deliveries that are over and too old; how many."""
    async with database.transaction() as tx:
        await tx.execute(queries.WIPE_OLD_SECRETS)
        return await changed_rows(tx, queries.FORGET, kept=kept, limit=_BATCH_ROWS)


@asynccontextmanager
async def sending(database: Database, sealer: Sealer, settings: Settings) -> AsyncIterator[None]:
    """Send messages while the block runs; attempts that are under way at the end are broken off, and made anew."""
    sender, swept = Sender(database, sealer, post_policy(settings)), Heartbeat()
    kept = timedelta(days=settings.endpoint_deliveries_retention_days)
    running: dict[asyncio.Task[None], Attempt] = {}
    ended = asyncio.Event()

    def end(task: asyncio.Task[None]) -> None:
        running.pop(task, None)
        ended.set()

    async def turn(stop: Stop) -> None:
        while await make_messages(database):
            await stop.pause(0)
        for attempt in await sender.claim(MOST - len(running)) if len(running) < MOST else []:
            task = asyncio.create_task(_guarded(sender, attempt))
            running[task] = attempt
            task.add_done_callback(end)
        if swept.age is None or swept.age > _SWEEP_SECONDS:
            while await sweep_endpoints(database, kept) == _BATCH_ROWS:
                await stop.pause(0)
            swept.beat()

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            try:
                await turn(stop)
            except (SQLAlchemyError, OSError) as error:
                log.warning("messages_not_sent", reason=type(error).__name__)
                ended.clear()
            await _pause(stop, ended)
        await _break_off(sender, running)

    async with run_until_stopped(work):
        yield


async def _pause(stop: Stop, ended: asyncio.Event) -> None:
    """Wait a second, or until an attempt has ended: the next message of its repository may be sent."""
    either = [asyncio.create_task(stop.pause(POLL_SECONDS)), asyncio.create_task(ended.wait())]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    for task in either:
        task.cancel()
    await asyncio.gather(*either, return_exceptions=True)
    ended.clear()


async def _guarded(sender: Sender, attempt: Attempt) -> None:
    try:
        await sender.send(attempt)
    except (SQLAlchemyError, OSError) as error:  # its lease ends, and it is sent again
        log.warning("outcome_not_noted", reason=type(error).__name__)
    except Exception as error:  # nobody else would ever see it
        log.error("attempt_failed", exc_info=error, endpoint_id=str(attempt.endpoint_id))


async def _break_off(sender: Sender, running: dict[asyncio.Task[None], Attempt]) -> None:
    left = dict(running)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    if left:
        with suppress(SQLAlchemyError, OSError):
            await sender.let_go(list(left.values()))
