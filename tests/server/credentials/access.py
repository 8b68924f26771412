"""Who may do what with a remote's credentials: its maintainers, and nobody with a key."""

from tests.support.access import Rows, web

_PATH = "/api/v1/projects/{project}/repos/{repo}/credentials"

ROWS: Rows = {
    f"GET {_PATH}": web(404, 404, 403, 404, 404, 403),
    f"PUT {_PATH}": web(404, 404, 403, 422, 422, 403),
    f"DELETE {_PATH}": web(404, 404, 403, 404, 404, 403),
    f"POST {_PATH}/host-keys/scan": web(404, 404, 403, 409, 409, 403),
    f"PUT {_PATH}/host-keys": web(404, 404, 403, 422, 422, 403),
}
