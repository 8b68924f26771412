"""The device feature as the application sees it: routes, audit actions, examples."""

from tgl_server.device.actions import DeviceAction
from tgl_server.device.examples import EXAMPLES
from tgl_server.device.routes import device_router
from tgl_server.http.feature import Feature

device = Feature(
    routers=(device_router,),
    tags={"device": "Logging a machine in by a browser elsewhere (RFC 8628)"},
    actions=DeviceAction,
    examples=EXAMPLES,
)
