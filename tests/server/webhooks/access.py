"""Who may do what with webhooks: maintainers with all; whoever knows its secret sends, and nobody else learns of it."""

from tests.support.access import Rows, public, web

_PATH = "/api/v1/projects/{project}/repos/{repo}/webhooks"

ROWS: Rows = {
    "POST /api/v1/webhooks/{hook_id}": public(404),
    "GET /api/v1/webhooks/{hook_id}": public(404),
    f"GET {_PATH}": web(404, 404, 403, 200, 200, 403),
    f"POST {_PATH}": web(404, 404, 403, 422, 422, 403),
    f"DELETE {_PATH}/{{hook_id}}": web(404, 404, 403, 404, 404, 403),
    f"POST {_PATH}/{{hook_id}}/rotate": web(404, 404, 403, 409, 409, 403),
    f"GET {_PATH}/{{hook_id}}/deliveries": web(404, 404, 403, 404, 404, 403),
}
