"""Who may do what with endpoints: maintainers with all, signed in."""

from tests.support.access import Rows, web

_PATH = "/api/v1/projects/{project}/endpoints"

ROWS: Rows = {
    f"GET {_PATH}": web(404, 404, 403, 200, 200, 403),
    f"POST {_PATH}": web(404, 404, 403, 422, 422, 403),
    f"GET {_PATH}/{{endpoint_id}}": web(404, 404, 403, 404, 404, 403),
    f"PATCH {_PATH}/{{endpoint_id}}": web(404, 404, 403, 404, 404, 403),
    f"DELETE {_PATH}/{{endpoint_id}}": web(404, 404, 403, 404, 404, 403),
    f"POST {_PATH}/{{endpoint_id}}/rotate": web(404, 404, 403, 409, 409, 403),
    f"POST {_PATH}/{{endpoint_id}}/test": web(404, 404, 403, 404, 404, 403),
    f"GET {_PATH}/{{endpoint_id}}/deliveries": web(404, 404, 403, 404, 404, 403),
    f"POST {_PATH}/{{endpoint_id}}/deliveries/{{delivery_id}}/redeliver": web(404, 404, 403, 404, 404, 403),
}
