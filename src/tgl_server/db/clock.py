"""The database's clock, which decides everything that expires: servers' own clocks differ, and may be wrong."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def database_now(tx: AsyncSession) -> datetime:
    """The time at which the transaction began, by the database's clock."""
    now: datetime | None = await tx.scalar(select(func.now()))
    assert now is not None
    return now
