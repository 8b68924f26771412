"""The clients of a repository: who pushes with what, and whether their clocks are right."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.commits import PushingClient, PushingClients
from tgl_server.ingest.queries import CLIENTS
from tgl_server.ingest.service import seconds_of
from tgl_server.projects.models import RepoId

# PostgreSQL's interval holds far more; a clock that is further off has no time at all.
_MOST = timedelta(days=365 * 100)


def clock_skew(date: str | None, now: datetime) -> timedelta | None:
    """How far the sender's clock is behind, from an HTTP `Date` in whole seconds; None without one that can be read.

    The way of the request is in it too, so a second or two says nothing.
    """
    try:
        sent = parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
    if sent is None:
        return None
    skew = now - sent.replace(tzinfo=sent.tzinfo or UTC)
    return skew if abs(skew) < _MOST else None


async def list_clients(connection: AsyncConnection, repo_id: RepoId) -> PushingClients:
    """Who was seen last first."""
    rows = (await connection.execute(CLIENTS, {"repo_id": repo_id})).mappings()
    return PushingClients(
        [
            PushingClient(
                **{name: value for name, value in row.items() if name != "clock_skew"},
                clock_skew_seconds=seconds_of(row["clock_skew"]),
            )
            for row in rows
        ]
    )
