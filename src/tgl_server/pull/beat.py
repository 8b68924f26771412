"""The beat: it wakes up workers for what is due. Any number may run: what one has handed out, the others leave alone.

A message that cannot be sent is taken back, so that the next tick of any beat sends it again.
"""

import asyncio
from typing import Final

import structlog

from tgl_server.broker.sending import BrokerAway, Send, WakeUp
from tgl_server.db.away import may_pass
from tgl_server.db.engine import Database
from tgl_server.logs.outages import Outage
from tgl_server.pull import queue
from tgl_server.pull.worker import TICK_SECONDS

log = structlog.get_logger()

#: Messages of a tick; what is due beyond them waits for the next one.
MOST_AT_ONCE: Final = 200


class Beat:
    """Ticks every five seconds until `stop` is set."""

    def __init__(self, database: Database, send: Send, seconds: float = TICK_SECONDS) -> None:
        self._database = database
        self._send = send
        self._seconds = seconds
        self._outage = Outage("broker_away", "broker_back")

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop` is set, whatever happens to the database or the broker."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self._tick()
                await asyncio.wait({stopping}, timeout=self._seconds)
        finally:
            stopping.cancel()

    async def _tick(self) -> None:
        try:
            async with self._database.transaction() as tx:
                due = await queue.hand_out(tx, MOST_AT_ONCE)
            unsent = await asyncio.to_thread(self._send_all, due)
            if unsent:
                async with self._database.transaction() as tx:
                    await queue.take_back(tx, unsent)
        except Exception as error:
            # One that cannot pass may do so with the next row; a beat that ends wakes up nobody.
            log.warning("tick_failed", reason=type(error).__name__, exc_info=not may_pass(error))

    def _send_all(self, due: list[WakeUp]) -> list[WakeUp]:
        """Send them; those that were not, after the first that failed."""
        for number, wake_up in enumerate(due):
            try:
                self._send(wake_up)
            except BrokerAway as error:
                self._outage.note(reason=str(error), consequence="nothing is pulled before it is back")
                return due[number:]
            self._outage.end()
        return []
