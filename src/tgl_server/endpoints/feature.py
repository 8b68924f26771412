"""The endpoints feature as the application sees it: routes, audit actions, sealed columns, examples."""

from tgl_server.endpoints.actions import EndpointAction
from tgl_server.endpoints.examples import EXAMPLES
from tgl_server.endpoints.routes import endpoints_router
from tgl_server.errors import NotFound
from tgl_server.http.feature import Feature
from tgl_server.sealing.columns import SealedColumn

endpoints = Feature(
    routers=(endpoints_router,),
    tags={"endpoints": "Endpoints, which events are sent to"},
    constraints={"fk_endpoint_deliveries_endpoint_id": NotFound("The endpoint was deleted meanwhile.")},
    actions=EndpointAction,
    sealed=(SealedColumn("endpoints", "sealed", "id"), SealedColumn("endpoints", "old_sealed", "id")),
    examples=EXAMPLES,
)
