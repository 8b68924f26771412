"""Plain rows through advanced-alchemy's repositories, and the number of rows that a statement of ours changed."""

from typing import Any, TypeVar, cast

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import CursorResult, TextClause
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.db.base import Base

Row = TypeVar("Row", bound=Base)


class Rows(SQLAlchemyAsyncRepository[Row]):
    """A repository of rows whose errors stay SQLAlchemy's.

    `tgl_server.http.problems` reads their constraint or connection; the library would turn them all into one kind.
    """

    def __init__(self, *, session: AsyncSession, **options: Any) -> None:
        super().__init__(session=session, wrap_exceptions=False, **options)


async def changed_rows(tx: AsyncSession, statement: TextClause, **parameters: Any) -> int:
    """Run a statement that inserts, updates or deletes; the number of rows that it changed."""
    return cast("CursorResult[object]", await tx.execute(statement, parameters)).rowcount
