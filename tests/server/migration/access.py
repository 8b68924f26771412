"""Who may move repositories, and who sees how far: the repository of the matrix is one that clients push to."""

from tests.support.access import Rows, reads_repository, reads_sync, web

ROWS: Rows = {
    "PATCH /api/v1/projects/{project}/repos/{repo}": web(404, 404, 403, 200, 200, 403),
    "POST /api/v1/projects/{project}/repos/{repo}/migrate-to-push": web(404, 404, 403, 200, 200, 403),
    "POST /api/v1/projects/{project}/repos/{repo}/rollback-to-pull": web(404, 404, 403, 200, 200, 403),
    "GET /api/v1/projects/{project}/migration": reads_sync(),
    # Clients push to it, so that there is no copy to compare with, and nobody has asked.
    "POST /api/v1/projects/{project}/repos/{repo}/comparison": web(404, 404, 403, 409, 409, 403),
    "GET /api/v1/projects/{project}/repos/{repo}/comparison": reads_repository(404),
    "GET /api/v1/projects/{project}/repos/{repo}/digests": reads_repository(),
}
