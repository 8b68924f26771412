"""The stream `/live`, as server-sent events: `ready`, from when on no change is missed, and then `changed` for each.

An event carries no data: the page asks for its own address again, with its own rights, and puts in place what is new.
"""

import time
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Stream
from msgspec import Struct
from sqlalchemy import text

from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.db.versions import RepoVersions
from tgl_server.http.declarations import never_ends
from tgl_server.http.draining import Draining
from tgl_server.web.filters import Filters
from tgl_server.web.session import is_still_open

AnyRequest = Request[Any, Any, Any]

#: Proxies close a connection that is silent for longer.
_PING_SECONDS: Final = 20.0
#: How often the stream looks whether its session is still open, and what its viewer sees.
_LOOK_SECONDS: Final = 30.0
_MOST_SECONDS: Final = 15 * 60.0
#: How soon a stream ends once the server is stopping.
_TICK_SECONDS: Final = 1.0

_SEEN = text("""
    SELECT r.id FROM repos r JOIN projects p ON p.id = r.project_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE :is_commissioner OR p.owner_id = :user_id OR m.role IS NOT NULL
    UNION ALL
    SELECT s.id FROM seasons s WHERE s.state IN ('open', 'closing') AND EXISTS (
        SELECT FROM league_repos lr JOIN repos r ON r.id = lr.repo_id JOIN projects p ON p.id = r.project_id
        LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
        WHERE lr.league_id = s.league_id AND (p.owner_id = :user_id OR m.role IS NOT NULL)
    )
    UNION ALL
    SELECT e.id FROM endpoints e JOIN projects p ON p.id = e.project_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE e.id = CAST(:endpoint_id AS uuid) AND (p.owner_id = :user_id OR m.role = 'maintainer')
""")


class _Viewer(Struct, frozen=True):
    """Who listens, and the endpoint whose page they have open."""

    principal: Principal
    endpoint_id: UUID | None

    @property
    def watched(self) -> frozenset[UUID]:
        return frozenset() if self.endpoint_id is None else frozenset({self.endpoint_id})


@get("/live", opt=never_ends())
async def live(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    repo_versions: NamedDependency[RepoVersions],
    draining: NamedDependency[Draining],
) -> Stream:
    """Tell a page when to look again, until it is closed, its session ends, or the server stops.

    The page of an `endpoint` names it, and hears of its deliveries as well.
    """
    endpoint_id = Filters(request).read("endpoint", UUID, "It is the id of an endpoint.")
    viewer = _Viewer(principal, endpoint_id)
    stream = _events(request, viewer, database, repo_versions, draining)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(stream, media_type="text/event-stream", headers=headers)


async def _events(
    request: AnyRequest, viewer: _Viewer, database: Database, versions: RepoVersions, draining: Draining
) -> AsyncIterator[bytes]:
    listener = versions.listen(viewer.watched)
    try:
        began = looked = pinged = time.monotonic()
        await listener.begun.wait()
        seen = await _seen(database, viewer)
        yield b"retry: 3000\nevent: ready\ndata:\n\n"
        while time.monotonic() - began < _MOST_SECONDS and not draining.has_begun:
            changed = await listener.wait(_TICK_SECONDS)
            now = time.monotonic()
            if now - looked >= _LOOK_SECONDS:
                if not await is_still_open(request):
                    return
                seen, looked = await _seen(database, viewer), now
            if changed & seen or (viewer.principal.is_commissioner and changed - viewer.watched):
                yield b"event: changed\ndata:\n\n"
                pinged = now
            elif now - pinged >= _PING_SECONDS:
                yield b": still here\n\n"
                pinged = now
    finally:
        versions.leave(listener)


async def _seen(database: Database, viewer: _Viewer) -> set[UUID]:
    """The repositories that the viewer sees, the running seasons of their leagues, and the endpoint they may see."""
    who = {
        "user_id": viewer.principal.user_id,
        "is_commissioner": viewer.principal.is_commissioner,
        "endpoint_id": viewer.endpoint_id,
    }
    async with database.statements() as connection:
        return set((await connection.execute(_SEEN, who)).scalars())


ROUTES = (live,)
