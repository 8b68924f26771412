"""The clients of a repository: who pushes with what, and whether their clocks are right."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from msgspec.structs import asdict
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.clients import PushingClient, PushingClients
from tgl_server.access.guards import RepoAccess
from tgl_server.access.sight import keys_seen
from tgl_server.auth.principal import Principal
from tgl_server.ingest.queries import CLIENTS
from tgl_server.projects.freshness import seconds_of

# PostgreSQL's interval holds far more; a clock that is further off was never set.
_MOST = timedelta(days=365 * 100)


def clock_skew(date: str | None, now: datetime) -> timedelta | None:
    """The time by which the sender's clock is behind, from the header `Date` in whole seconds; None if unreadable.

    The request's travel time counts too, so a second or two says nothing.
    """
    if not date:
        return None
    try:
        sent = parsedate_to_datetime(date)
        skew = now - sent.replace(tzinfo=sent.tzinfo or UTC)
    except (ValueError, OverflowError):  # no date, or one off the calendar
        return None
    return skew if abs(skew) < _MOST else None


async def list_clients(connection: AsyncConnection, access: RepoAccess, principal: Principal) -> PushingClients:
    """The clients that pushed to a repository, the latest first, with the people and keys that the caller sees."""
    sight = {**asdict(keys_seen(principal, access)), "sees_people": principal.sees_people}
    rows = (await connection.execute(CLIENTS, {"repo_id": access.id, **sight})).mappings()
    return PushingClients(
        [
            PushingClient(
                **{name: value for name, value in row.items() if name != "clock_skew"},
                clock_skew_seconds=seconds_of(row["clock_skew"]),
            )
            for row in rows
        ]
    )
