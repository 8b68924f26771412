"""The streams feature as the application sees it: its route."""

from tgl_server.http.feature import Feature
from tgl_server.streams.routes import streams_router

streams = Feature(routers=(streams_router,), tags={"events": "Events of a project as they happen"})
