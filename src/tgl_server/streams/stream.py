"""The text of one stream: events after a number, in order, for as long as its listener may hear them.

`id:` is the event's number. With each sign of life comes the number up to which there was nothing for this listener, so
that a resumed stream does not read all that again.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from tgl_protocol.events import StreamedEvent
from tgl_server.events.feed import EventFeed, Listener
from tgl_server.events.service import Event
from tgl_server.http.draining import Draining

#: Proxies close a connection that is silent for longer.
KEEP_ALIVE_SECONDS: Final = 15.0
#: How often a stream looks whether its listener may still hear it.
LOOK_SECONDS: Final = 60.0
#: How soon a stream ends once the server is stopping.
_TICK_SECONDS: Final = 1.0


class Wanted(Struct, frozen=True):
    """What a listener hears: one project's events, of some repositories where their key is restricted to these."""

    project_id: UUID
    repo_ids: Collection[UUID] | None

    def includes(self, event: Event) -> bool:
        """True for an event that the listener hears."""
        if event.project_id != self.project_id:
            return False
        return self.repo_ids is None or event.repo_id in self.repo_ids


class EventStream(Struct, frozen=True, kw_only=True):
    """A stream with what it needs; `may_hear` asks anew, and a failure to tell is a no."""

    feed: EventFeed
    user_id: UUID
    wanted: Wanted
    may_hear: Callable[[], Awaitable[bool]]
    draining: Draining
    last_event_id: int | None = None
    look_seconds: float = LOOK_SECONDS
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS

    async def text(self) -> AsyncGenerator[bytes, None]:
        """The stream, until the listener may not hear it any more, or the server stops; the caller may close it."""
        # Not before: nobody would end what is never begun, as for a client that is gone before the answer's head.
        listener = self.feed.listen(self.user_id)
        if listener is None:
            return
        try:
            async for piece in self._pieces(listener):
                yield piece
        finally:
            self.feed.leave(listener)

    async def _pieces(self, listener: Listener) -> AsyncIterator[bytes]:
        # At once, so that the client knows that it is heard.
        yield b"retry: 3000\n\n"
        newest = await self._begin()
        seq = newest if self.last_event_id is None else min(self.last_event_id, newest)
        looked = spoken = time.monotonic()
        while not self.draining.has_begun:
            listener.woken.clear()
            events = await self._after(seq)
            for event in events:
                seq = event.seq
                if self.wanted.includes(event):
                    yield _written(event)
                    spoken = time.monotonic()
            now = time.monotonic()
            if now - looked >= self.look_seconds:
                if not await self.may_hear():
                    return
                looked = now
            if now - spoken >= self.keep_alive_seconds:
                yield f"id: {seq}\n: keep-alive\n\n".encode()
                spoken = now
            if not events:
                with suppress(TimeoutError):
                    await asyncio.wait_for(listener.woken.wait(), _TICK_SECONDS)

    async def _begin(self) -> int:
        """The number to begin after; the server may stop while the database does not answer."""
        while not self.draining.has_begun:
            with suppress(TimeoutError):
                return await asyncio.wait_for(self.feed.begin(), _TICK_SECONDS)
        return 0

    async def _after(self, seq: int) -> Collection[Event]:
        try:
            return await self.feed.after(seq)
        except (SQLAlchemyError, OSError):
            return ()


def _written(event: Event) -> bytes:
    data = StreamedEvent(
        id=event.id,
        type=event.type,
        at=event.at,
        project_id=event.project_id,
        repo_id=event.repo_id,
        data=event.data,
    )
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.seq, event.type.encode(), msgspec.json.encode(data))
