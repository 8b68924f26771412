"""The activity feature as the application sees it: routes and examples."""

from tgl_server.activity.examples import EXAMPLES
from tgl_server.activity.routes import activity_router
from tgl_server.http.feature import Feature

activity = Feature(
    routers=(activity_router,),
    tags={"activity": "Sums of a repository's commits: by day, week or month, and by author"},
    examples=EXAMPLES,
)
