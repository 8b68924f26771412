"""Who may do what with API keys."""

from tests.support.access import Rows, web

ROWS: Rows = {
    "GET /api/v1/api-keys": web(200, 200, 200, 200, 200, 200),
    "POST /api/v1/api-keys": web(422, 422, 422, 422, 422, 422),
    "GET /api/v1/api-keys/{key_id}": web(404, 404, 404, 404, 200, 404),
    "GET /api/v1/api-keys/{key_id}/usage": web(404, 404, 404, 404, 200, 404),
    "PATCH /api/v1/api-keys/{key_id}": web(404, 404, 404, 404, 200, 404),
    "DELETE /api/v1/api-keys/{key_id}": web(404, 404, 404, 404, 200, 404),
    "POST /api/v1/api-keys/{key_id}/rotate": web(404, 404, 404, 404, 201, 404),
}
