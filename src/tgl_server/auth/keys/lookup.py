"""Look-up of API keys: requests that ask at the same time share a statement.

One statement per request costs more of the event loop than all the rest of a refusal, so a flood of wrong keys would
be a flood of statements. A row is still read after each request has arrived, so that none sees an old one: a request
that arrives while a statement runs waits for the next.
"""

import asyncio

from sqlalchemy import RowMapping

from tgl_server.auth.queries import KEYS_BY_PREFIX
from tgl_server.db.engine import Database

KeyRow = RowMapping

_MOST_AT_ONCE = 500
# As long as a request waits for a connection. A statement that hangs must not block everybody: its callers are told
# that the database does not answer, and the next one is tried.
_TIMEOUT_SECONDS = 30.0


class KeyRows:
    """The rows of keys by prefix, from one statement at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: dict[str, asyncio.Future[KeyRow | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def find(self, prefix: str) -> KeyRow | None:
        """The row with this prefix as it is now; None without one. Raises the error of the statement."""
        answer = self._asked.get(prefix)
        if answer is None:
            answer = self._asked[prefix] = asyncio.get_running_loop().create_future()
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_all())
        # Shielded: a caller who disconnects must not cancel the answer for the others.
        return await asyncio.shield(answer)

    async def _read_all(self) -> None:
        try:
            while self._asked:
                await self._answer(self._take())
        finally:
            self._reading = None

    def _take(self) -> dict[str, asyncio.Future[KeyRow | None]]:
        return {prefix: self._asked.pop(prefix) for prefix in list(self._asked)[:_MOST_AT_ONCE]}

    async def _answer(self, asked: dict[str, asyncio.Future[KeyRow | None]]) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                rows = await self._read(list(asked))
        except Exception as error:
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # retrieved, even if every caller has disconnected
            return
        for prefix, answer in asked.items():
            answer.set_result(rows.get(prefix))

    async def _read(self, prefixes: list[str]) -> dict[str, KeyRow]:
        async with self._database.statements() as connection:
            found = await connection.execute(KEYS_BY_PREFIX, {"prefixes": prefixes})
            return {row["prefix"]: row for row in found.mappings()}
