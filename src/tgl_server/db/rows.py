"""Plain rows through advanced-alchemy's repositories."""

from typing import Any, TypeVar

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.db.base import Base

Row = TypeVar("Row", bound=Base)


class Rows(SQLAlchemyAsyncRepository[Row]):
    """Errors stay SQLAlchemy's, whose constraint or connection `tgl_server.problems` looks at: the library would make
    one kind of them all."""

    def __init__(self, *, session: AsyncSession, **options: Any) -> None:
        super().__init__(session=session, wrap_exceptions=False, **options)
