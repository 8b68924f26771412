"""The one door to raw asyncpg: binary COPY inside a transaction that SQLAlchemy has begun."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession


async def copy_rows(tx: AsyncSession, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY rows into a table, in the transaction of `tx`.

    SQLAlchemy begins with its first statement: COPY as the first one would run outside of the transaction and
    survive its rollback. So the caller has run one, and this checks it.
    """
    connection = await tx.connection()
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None
    if not driver.is_in_transaction():
        raise RuntimeError("COPY needs a transaction that has begun: run a statement through SQLAlchemy first")
    await driver.copy_records_to_table(table, records=rows, columns=columns)
