"""Who may do what with chats: the owner and the maintainers of the project."""

from tests.support.access import Rows, web

_PATH = "/api/v1/projects/{project}/chat-hooks"

ROWS: Rows = {
    f"GET {_PATH}": web(404, 404, 403, 200, 200, 403),
    f"POST {_PATH}": web(404, 404, 403, 422, 422, 403),
    f"DELETE {_PATH}/{{hook_id}}": web(404, 404, 403, 404, 404, 403),
    f"POST {_PATH}/{{hook_id}}/test": web(404, 404, 403, 404, 404, 403),
}
