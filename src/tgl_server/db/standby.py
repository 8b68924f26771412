"""A standby: a read-only copy of the database that is some seconds behind, for answers that may be so old.

It is used while the last look, a second ago, found it right: read-only, of this primary, with the same tables, and not
far behind. Otherwise the primary answers, and nobody waits.
"""

import asyncio
import time
from collections import deque
from enum import StrEnum
from typing import Final

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tgl_server.db import standby_queries
from tgl_server.db.away import is_database_lost
from tgl_server.errors import StartupError
from tgl_server.logs.outages import Outage, reason_of

#: What the standby may be behind, in seconds; beyond that the primary answers.
MOST_LAG_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 1.0
#: What connecting and looking may take, in seconds.
_PATIENCE_SECONDS: Final = 2.0


class Fault(StrEnum):
    """Why a standby is not used."""

    AWAY = "away"
    WRITABLE = "writable"
    OTHER_DATABASE = "other_database"
    OTHER_VERSION = "other_version"
    BEHIND = "behind"


class StandbyState(Struct, frozen=True):
    """A standby at the last look: `lag` is how many seconds it is behind, None where that cannot be known."""

    fault: Fault | None
    lag: float | None = None
    reason: str = ""


class UnusableStandby(StartupError):
    """DATABASE_READ_URL names what can never be used."""


#: Faults that do not pass.
_LASTING: Final = {
    Fault.WRITABLE: "DATABASE_READ_URL leads to a database that takes writes; name a standby, or an account with "
    "default_transaction_read_only = on",
    Fault.OTHER_DATABASE: "DATABASE_READ_URL leads to a standby of another database than DATABASE_URL; correct it",
}


class Standby:
    """The connections to a standby, and whether it is used now."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
        #: When the primary's log was how long; the oldest first.
        self._marks: deque[tuple[float, int]] = deque()
        self._outage = Outage("standby_not_used", "standby_used")
        self.is_used = False

    async def connection(self) -> AsyncConnection | None:
        """A connection whose statements each stand alone, to be closed by the caller; None while it is not used."""
        if not self.is_used:
            return None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self._autocommit.connect()
        except (SQLAlchemyError, OSError) as error:  # TimeoutError is an OSError
            self._note(StandbyState(Fault.AWAY, reason=reason_of(error)))
            return None

    def note_loss(self, error: Exception) -> None:
        """Leave it unused if an error says that it was lost in the middle."""
        if is_database_lost(error):
            self._note(StandbyState(Fault.AWAY, reason=reason_of(error)))

    async def look(self, primary: AsyncConnection) -> StandbyState:
        """Compare it with its primary, and use it or not. Raises what a primary that is away raises."""
        here = (await primary.execute(standby_queries.PRIMARY)).mappings().one()
        self._marks.append((time.monotonic(), here["position"]))
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS), self._autocommit.connect() as connection:
                there = (await connection.execute(standby_queries.STANDBY)).mappings().one()
                state = self._judge(here, there)
                if state.fault not in _LASTING:
                    state = await _with_version(state, primary, connection)
        except (SQLAlchemyError, OSError) as error:
            state = StandbyState(Fault.AWAY, reason=reason_of(error))
        self._note(state)
        return state

    async def settled(self, primary: AsyncConnection) -> StandbyState:
        """As `look`, but give one that has only to catch up the time to do so."""
        state, until = await self.look(primary), time.monotonic() + MOST_LAG_SECONDS
        while state.fault is Fault.BEHIND and time.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS / 4)
            state = await self.look(primary)
        return state

    async def check(self, primary: AsyncConnection) -> None:
        """Raises `UnusableStandby` for what could never be used; what is away or behind now may come."""
        fault = (await self.look(primary)).fault
        if fault in _LASTING:
            raise UnusableStandby(_LASTING[fault])

    async def close(self) -> None:
        await self._engine.dispose()

    def _judge(self, here: RowMapping, there: RowMapping) -> StandbyState:
        if not there["is_read_only"]:
            return StandbyState(Fault.WRITABLE)
        # What is no physical standby, such as a logical copy or an account that only reads, has a cluster of its own.
        if there["position"] is None:
            return StandbyState(None)
        if (there["cluster"], there["name"]) != (here["cluster"], here["name"]):
            return StandbyState(Fault.OTHER_DATABASE)
        lag = self._lag(there["position"])
        return StandbyState(Fault.BEHIND if lag is None else None, lag)

    def _lag(self, replayed: int) -> float | None:
        """The seconds since the primary's log ended where the standby is now; None for more than `MOST_LAG_SECONDS`.

        By our own clock alone. The time of the last transaction would grow while nobody writes.
        """
        now = time.monotonic()
        while self._marks and now - self._marks[0][0] > MOST_LAG_SECONDS:
            self._marks.popleft()
        seen = [at for at, position in self._marks if position <= replayed]
        return now - seen[-1] if seen else None

    def _note(self, state: StandbyState) -> None:
        self.is_used = state.fault is None
        if state.fault is None:
            self._outage.end()
        else:
            self._outage.note(fault=str(state.fault), reason=state.reason)


async def _with_version(state: StandbyState, primary: AsyncConnection, standby: AsyncConnection) -> StandbyState:
    """The state, or that its tables are not those of the primary."""
    needed = await primary.scalar(standby_queries.VERSION)
    try:
        found = await standby.scalar(standby_queries.VERSION)
    except ProgrammingError:  # it has none of our tables
        found = None
    return state if found == needed else StandbyState(Fault.OTHER_VERSION, reason=f"it has {found}")
