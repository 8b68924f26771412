"""The streams feature as the application sees it: its route, and an example of an event."""

from tgl_protocol.events import RepoBehind, StreamedEvent
from tgl_server.http.example_values import AT, EVENT_ID, PROJECT_ID, REPO_ID
from tgl_server.http.feature import Feature
from tgl_server.streams.routes import streams_router

streams = Feature(
    routers=(streams_router,),
    tags={"events": "Events of a project as they happen"},
    examples=[
        StreamedEvent(
            id=EVENT_ID,
            type="repo.behind",
            at=AT,
            project_id=PROJECT_ID,
            repo_id=REPO_ID,
            data={"behind_since": RepoBehind(behind_since=AT).behind_since.isoformat()},
        )
    ],
)
