"""Who may do what with projects, members and repositories."""

from tests.support.access import Rows, known, members, pushes, reads_repository, reads_sync, web

ROWS: Rows = {
    "GET /api/v1/projects": known(
        spectator=200,
        player=200,
        **members(200),
        commissioner=200,
        key=200,
        reading_key=200,
        pushing_key=200,
        other_key=200,
    ),
    "POST /api/v1/projects": web(403, 422, 422, 422, 422, 422),
    "GET /api/v1/projects/{project}": reads_sync(),
    "PATCH /api/v1/projects/{project}": web(404, 404, 403, 200, 200, 403),
    "DELETE /api/v1/projects/{project}": web(404, 404, 403, 403, 200, 403),
    "GET /api/v1/projects/{project}/members": reads_repository(),
    "POST /api/v1/projects/{project}/members": web(404, 404, 403, 422, 422, 403),
    "GET /api/v1/projects/{project}/members/{user_id}": reads_repository(),
    "PATCH /api/v1/projects/{project}/members/{user_id}": web(404, 404, 403, 422, 422, 403),
    "DELETE /api/v1/projects/{project}/members/{user_id}": web(404, 404, 200, 200, 200, 403),
    "GET /api/v1/projects/{project}/repos": reads_sync(),
    "POST /api/v1/projects/{project}/repos": pushes(422),
    "GET /api/v1/projects/{project}/repos/{repo}": reads_sync(),
    "DELETE /api/v1/projects/{project}/repos/{repo}": web(404, 404, 403, 200, 200, 403),
}
