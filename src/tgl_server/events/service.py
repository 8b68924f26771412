"""Recording events, and reading them in the order of their numbers.

An event belongs to the transaction of what it tells of, so that neither is stored without the other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.events import EventData, EventType
from tgl_server.events import queries


class Event(Struct, frozen=True, kw_only=True):
    """An event that is committed and numbered. `seq` grows with the order of the COMMITs, with gaps."""

    seq: int
    id: UUID
    at: datetime
    type: str
    project_id: UUID | None
    repo_id: UUID | None
    user_id: UUID | None
    data: dict[str, Any]


async def record_event(
    tx: AsyncSession | AsyncConnection,
    type_: EventType,
    data: EventData,
    *,
    project_id: UUID | None = None,
    repo_id: UUID | None = None,
    user_id: UUID | None = None,
    once: str | None = None,
) -> None:
    """Add an event to the caller's transaction; never with a secret.

    The project of a repository is looked up. Name the person whom an event about a key or an account concerns.
    `once` is a text of which there is one event at the most, for as long as events are kept: another is left out.
    """
    await tx.execute(
        queries.RECORD,
        {
            "id": uuid7(),
            "type": type_,
            "project_id": project_id,
            "repo_id": repo_id,
            "user_id": user_id,
            "data": msgspec.json.encode(data).decode(),
            "once": once,
        },
    )


async def events_after(reader: AsyncSession | AsyncConnection, after: int, limit: int) -> list[Event]:
    """The events after a number, in order; none with a lower number appears later."""
    found = await reader.execute(queries.AFTER, {"after": after, "limit": limit})
    return [Event(**row) for row in found.mappings()]


async def last_seq(reader: AsyncSession | AsyncConnection) -> int:
    """The last number that was given."""
    return await reader.scalar(queries.LAST) or 0


async def take_events(tx: AsyncSession, reader: str, limit: int) -> Sequence[Event]:
    """The next events for a reader, each once: its mark moves with the caller's transaction.

    Any number of processes may try; one of them has the mark, the others get nothing. A reader without a mark begins
    with the oldest event that is kept: a migration that adds a reader later adds its mark.
    """
    seq = await take_mark(tx, reader)
    if seq is None:
        return []
    events = await events_after(tx, seq, limit)
    if events:
        await tx.execute(queries.MOVE_MARK, {"reader": reader, "seq": events[-1].seq})
    return events


async def take_mark(tx: AsyncSession, reader: str, first: int = 0) -> int | None:
    """A reader's mark, locked until the transaction ends; None while another process holds it."""
    which = {"reader": reader}
    seq: int | None = await tx.scalar(queries.TAKE_MARK, which)
    if seq is None and not await tx.scalar(queries.HAS_MARK, which):
        await tx.execute(queries.ADD_MARK, {"reader": reader, "seq": first})
        seq = await tx.scalar(queries.TAKE_MARK, which)
    return seq
