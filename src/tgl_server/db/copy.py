"""The one door to raw asyncpg: binary COPY inside a transaction that SQLAlchemy has begun."""

from collections.abc import Iterable, Sequence

from asyncpg import UniqueViolationError
from sqlalchemy.ext.asyncio import AsyncSession

# The header: signature, flags, no extension. The trailer: a row of -1 columns.
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"


class RowExists(Exception):
    """The table has a row with the same key, perhaps a concurrent one; the transaction can only be rolled back."""


async def copy_rows(tx: AsyncSession, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """COPY rows in PostgreSQL's binary format into a table, in the transaction of `tx`; raises `RowExists`.

    SQLAlchemy sends BEGIN with its first statement: a COPY before that would run outside the transaction and survive
    its rollback. So the caller must have run one, and this checks it.
    """
    connection = await tx.connection()
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None
    if not driver.is_in_transaction():
        raise RuntimeError("COPY needs a transaction that has begun: run a statement through SQLAlchemy first")
    # asyncpg would take plain bytes for the path of a file.
    data = memoryview(b"".join((_HEAD, *rows, _END)))
    try:
        await driver.copy_to_table(table, source=data, columns=columns, format="binary")
    except UniqueViolationError as error:
        raise RowExists(str(error)) from error
