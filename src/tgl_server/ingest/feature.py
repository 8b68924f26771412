"""The ingest feature as the application sees it: routes, audit actions, examples."""

from tgl_server.http.feature import Feature
from tgl_server.ingest.actions import SyncAction
from tgl_server.ingest.examples import EXAMPLES
from tgl_server.ingest.routes import sync_router

ingest = Feature(
    routers=(sync_router,),
    tags={"sync": "Pushing commits: what `tgl push` talks to"},
    actions=SyncAction,
    examples=EXAMPLES,
)
