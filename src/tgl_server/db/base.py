"""The declarative base: UUIDv7 keys, `timestamptz` everywhere, named constraints."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, MetaData, Text, text
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

# A constraint's name is stable: `tgl_server.http.problems` maps it to the error that the user sees.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of all tables, with one metadata for Alembic."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        str: Text(),
        bytes: LargeBinary(),
        UUID: PG_UUID(as_uuid=True),
        datetime: DateTimeUTC(timezone=True),
        int: BigInteger(),
    }


class Identified:
    """A row with a UUIDv7 key, so that its index grows at one end."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)


class Dated:
    """A row that says when it was made, by the database's clock."""

    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), sort_order=90)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A check that a text column holds one of an enum's words; a new word is one cheap migration."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=column)
