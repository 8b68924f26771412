"""The columns that hold sealed secrets, and sealing all of them anew when keys change."""

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_server.sealing.errors import SecretUnreadable
from tgl_server.sealing.sealer import Sealer


class SealedColumn(Struct, frozen=True):
    """A column of sealed texts, and the column that names its row."""

    table: str
    column: str
    key: str


class Renewed(Struct, frozen=True):
    """The numbers of secrets that were sealed anew, and of those that no key opens."""

    secrets: int
    unreadable: int


async def renew(tx: AsyncSession, sealer: Sealer, where: SealedColumn) -> Renewed:
    """Seal every secret of a column with the first key; those that no key opens stay as they are.

    Rows are locked until the transaction ends, so that none is stored with an old secret meanwhile. Reading goes on.
    """
    select = f"SELECT {where.key} AS key, {where.column} AS sealed FROM {where.table}"  # noqa: S608 -- our own names
    found = (await tx.execute(text(f"{select} WHERE {where.column} IS NOT NULL ORDER BY 1 FOR UPDATE"))).all()
    update = f"UPDATE {where.table} SET {where.column} = :sealed WHERE {where.key} = :key"  # noqa: S608 -- as above
    renewed, unreadable = [], 0
    for row in found:
        try:
            renewed.append({"key": row.key, "sealed": sealer.renewed(row.sealed)})
        except SecretUnreadable:
            unreadable += 1
    if renewed:
        await tx.execute(text(update), renewed)
    return Renewed(len(renewed), unreadable)


async def sealed_texts(connection: AsyncConnection, where: SealedColumn) -> list[str]:
    """The sealed texts of a column, as they are stored."""
    select = f"SELECT {where.column} FROM {where.table} WHERE {where.column} IS NOT NULL"  # noqa: S608 -- our own names
    return list((await connection.execute(text(select))).scalars())
