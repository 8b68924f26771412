"""Who may do what with notifications: everybody with a session chooses for themselves."""

from tests.support.access import Rows, web

_PATH = "/api/v1/notifications"

ROWS: Rows = {
    f"GET {_PATH}": web(200, 200, 200, 200, 200, 200),
    f"PUT {_PATH}": web(422, 422, 422, 422, 422, 422),
    f"POST {_PATH}/test": web(409, 409, 409, 409, 409, 409),
}
