"""The one door to raw asyncpg: binary COPY inside a transaction that SQLAlchemy has begun."""

from collections.abc import Iterable, Sequence

from asyncpg import UniqueViolationError
from sqlalchemy.ext.asyncio import AsyncSession

# Signature, flags, no extension; and at the end, a row of -1 columns.
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"


class RowExists(Exception):
    """A row with the same key is in the table, perhaps since a moment ago; the transaction can only be rolled back."""


async def copy_rows(tx: AsyncSession, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """COPY rows in PostgreSQL's binary format into a table, in the transaction of `tx`; raises `RowExists`.

    SQLAlchemy begins with its first statement: COPY as the first one would run outside of the transaction and
    survive its rollback. So the caller has run one, and this checks it.
    """
    connection = await tx.connection()
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None
    if not driver.is_in_transaction():
        raise RuntimeError("COPY needs a transaction that has begun: run a statement through SQLAlchemy first")
    # Bytes themselves would be the path of a file.
    data = memoryview(b"".join((_HEAD, *rows, _END)))
    try:
        await driver.copy_to_table(table, source=data, columns=columns, format="binary")
    except UniqueViolationError as error:
        raise RowExists(str(error)) from error
