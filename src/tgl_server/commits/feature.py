"""The commits feature as the application sees it: routes and examples."""

from tgl_server.commits.examples import EXAMPLES
from tgl_server.commits.routes import commits_router
from tgl_server.http.feature import Feature

commits = Feature(routers=(commits_router,), tags={"commits": "The commits that a repository has"}, examples=EXAMPLES)
