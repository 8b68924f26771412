"""The rows of each table: counted in the database at one moment, and counted in a dump."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_TABLES: Final = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
_COPY: Final = re.compile(rb"COPY public\.\"?(\w+)\"? ")
_SHOWN: Final = 3


async def counted(connection: AsyncConnection) -> dict[str, int]:
    """The rows of every table, as the connection's transaction sees them."""
    names = list((await connection.execute(_TABLES)).scalars())
    return {
        name: await connection.scalar(text(f'SELECT count(*) FROM public."{name}"'))  # noqa: S608 -- a table's own name
        for name in names
    }


class RowCounter:
    """Counts the rows of every table in the SQL that `pg_restore` makes of a dump."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self._table = ""

    def take(self, lines: Iterable[bytes]) -> None:
        """The next lines, without their ends."""
        for line in lines:
            if self._table:
                if line == b"\\.":
                    self._table = ""
                else:
                    self.rows[self._table] += 1
            elif begins := _COPY.match(line):
                self._table = begins[1].decode()
                self.rows[self._table] = 0


def difference(wanted: Mapping[str, int], found: Mapping[str, int]) -> str:
    """The tables whose rows differ, in words; empty if none does."""
    names = sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
    told = [f"{name} has {found.get(name, 'no')} rows in place of {wanted.get(name, 'none')}" for name in names]
    return ", ".join(told[:_SHOWN]) + (f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else "")
