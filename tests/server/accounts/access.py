"""Who may do what with accounts and sessions."""

from tests.support.access import Rows, keys, known, public, web
from tests.support.callers import PEOPLE

ROWS: Rows = {
    "POST /api/v1/auth/register": public(422),
    "POST /api/v1/auth/login": public(422),
    "POST /api/v1/auth/refresh": public(422),
    "POST /api/v1/auth/logout": web(204, 204, 204, 204, 204, 204) | {"pending": 204},
    "GET /api/v1/auth/me": known(**dict.fromkeys(PEOPLE, 200), **keys(200)),
    "POST /api/v1/auth/password": web(422, 422, 422, 422, 422, 422),
    "GET /api/v1/users": web(403, 403, 403, 403, 403, 200),
    "GET /api/v1/users/{user_id}": web(403, 403, 403, 403, 403, 200),
    "PATCH /api/v1/users/{user_id}": web(403, 403, 403, 403, 403, 200),
}
