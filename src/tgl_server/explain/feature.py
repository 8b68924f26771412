"""The explain feature as the application sees it: a route among those of commits, and an example."""

from tgl_server.explain.examples import EXAMPLES
from tgl_server.explain.routes import explain_router
from tgl_server.http.feature import Feature

explain = Feature(routers=(explain_router,), examples=EXAMPLES)
