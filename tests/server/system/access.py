"""Who may do what with what the service tells about itself."""

from tests.support.access import Rows, public

ROWS: Rows = {
    "GET /health": public(200),
    "GET /ready": public(200),
    "GET /metrics": public(200),
    "GET /api/v1/capabilities": public(200),
}
