"""Who may do what with pulls: the repository of the matrix is one that clients push to."""

from tests.support.access import Rows, pushes, reads_sync, web

ROWS: Rows = {
    "GET /api/v1/projects/{project}/repos/{repo}/pull": reads_sync(),
    "PUT /api/v1/projects/{project}/repos/{repo}/pull": web(404, 404, 403, 422, 422, 403),
    "POST /api/v1/projects/{project}/repos/{repo}/pull": pushes(400),
    "DELETE /api/v1/projects/{project}/repos/{repo}/pull": pushes(400),
    "POST /api/v1/projects/{project}/repos/{repo}/pull/pause": pushes(400),
    "POST /api/v1/projects/{project}/repos/{repo}/pull/resume": pushes(400),
}
