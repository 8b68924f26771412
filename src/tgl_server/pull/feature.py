"""The pull feature as the application sees it: routes, audit actions, examples."""

from tgl_server.http.feature import Feature
from tgl_server.pull.actions import PullAction
from tgl_server.pull.examples import EXAMPLES
from tgl_server.pull.routes import pull_router

pull = Feature(
    routers=(pull_router,),
    tags={"pulls": "Repositories that the server fetches by itself: schedules, and pulls now"},
    actions=PullAction,
    examples=EXAMPLES,
)
