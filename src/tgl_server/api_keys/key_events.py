"""The events of API keys: made, changed, revoked, and 14, 3 and 0 days before they expire."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.events import EventType, KeyEvent
from tgl_server.api_keys.models import ApiKeyRow
from tgl_server.api_keys.queries import TELL_EXPIRY
from tgl_server.background import Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.events.service import record_event
from tgl_server.settings import Settings

log = structlog.get_logger()


async def tell_of_key(tx: AsyncSession, type_: EventType, row: ApiKeyRow) -> None:
    """Record something about a key, for its owner."""
    data = KeyEvent(key_id=row.id, prefix=row.prefix, name=row.name, expires_at=row.expires_at)
    await record_event(tx, type_, data, user_id=row.user_id)


async def tell_expiry(database: Database) -> int:
    """Record each key that comes so near to its end, once for each number of days; the number of events.

    A key that was made for less than 14 or 3 days is not told of that many days before.
    Any number of processes may try: a row that another holds is skipped.
    """
    async with database.transaction() as tx:
        keys = (await tx.execute(TELL_EXPIRY)).mappings().all()
        for key in keys:
            data = KeyEvent(
                key_id=key["id"],
                prefix=key["prefix"],
                name=key["name"],
                expires_at=key["expires_at"],
                days=key["expiry_told"],
            )
            await record_event(tx, EventType.KEY_EXPIRING, data, user_id=key["user_id"])
    return len(keys)


@asynccontextmanager
async def telling_expiry(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Tell of keys that expire, every SWEEP_SECONDS while the block runs; a turn that has begun is finished."""

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            try:
                await tell_expiry(database)
            except (SQLAlchemyError, OSError) as error:
                log.warning("expiry_not_told", reason=type(error).__name__)
            await stop.pause(settings.sweep_seconds)

    async with run_until_stopped(work):
        yield
