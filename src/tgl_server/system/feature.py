"""The system feature as the application sees it: health, readiness, capabilities, metrics."""

from tgl_server.http.feature import Feature
from tgl_server.system.examples import EXAMPLES
from tgl_server.system.routes import capabilities, health, ready
from tgl_server.system.scrape import metrics

system = Feature(
    at_root=(health, ready, metrics),
    routers=(capabilities,),
    tags={"system": "Alive, ready, measured, and what this server can do"},
    examples=EXAMPLES,
)
