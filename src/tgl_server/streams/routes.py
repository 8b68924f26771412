"""The route of streams."""

from functools import partial
from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from tgl_server.access.errors import ProjectNotFound
from tgl_server.access.guards import find_project, hears_events
from tgl_server.access.unseen import no_such_project
from tgl_server.auth.bearer import bearer_token
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.events.feed import EventFeed
from tgl_server.http.client_address import origin_of
from tgl_server.http.declarations import answers, answers_text, never_ends
from tgl_server.http.draining import Draining
from tgl_server.http.text_rules import refuse_unstorable
from tgl_server.services import services_of
from tgl_server.streams.errors import TooManyStreams
from tgl_server.streams.rights import may_hear
from tgl_server.streams.stream import EventStream, Wanted

_MEDIA_TYPE = "text/event-stream"
_LARGEST = 2**63 - 1

ProjectName = Annotated[
    str,
    QueryParameter(description="The project, by id or slug", min_length=1, examples=[Example(value="team")]),
]
LastEventId = Annotated[
    int | None,
    HeaderParameter(
        name="Last-Event-ID",
        description="The `id` of the last event that came; the stream goes on after it, if the server keeps events for"
        " that long: 30 days by default",
        ge=0,
        le=_LARGEST,
        examples=[Example(value=4711)],
    ),
]


@get(
    "/",
    guards=[hears_events],
    opt=never_ends() | answers_text(_MEDIA_TYPE) | answers(ProjectNotFound, TooManyStreams),
)
async def stream_events(
    request: Request[Any, Any, Any],
    project: ProjectName,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    event_feed: NamedDependency[EventFeed],
    draining: NamedDependency[Draining],
    last_event_id: LastEventId = None,
) -> Stream:
    """Listen to a project's events as they happen, as server-sent events; at most five streams a user.

    `id` is the event's number, `event` its type, and `data` JSON with `id`, `type`, `at`, `project_id`, `repo_id` and
    `data`. It ends when you may not see the project any more, when an access token expires, and when the server stops:
    come back with `Last-Event-ID`, and nothing is lost.
    """
    refuse_unstorable(project=project)
    access = await find_project(database, principal, project)
    if access is None:
        raise await no_such_project(database, principal)
    if event_feed.is_full(principal.user_id):
        raise TooManyStreams
    stream = EventStream(
        feed=event_feed,
        user_id=principal.user_id,
        wanted=Wanted(access.id, principal.repo_ids),
        may_hear=partial(may_hear, services_of(request), _token(request), origin_of(request), access.id),
        draining=draining,
        last_event_id=last_event_id,
    )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(stream.text(), media_type=_MEDIA_TYPE, headers=headers)


def _token(request: Request[Any, Any, Any]) -> str:
    return bearer_token(request.headers.get("authorization", "")) or ""


streams_router = Router("/events", route_handlers=[stream_events], tags=["events"])
