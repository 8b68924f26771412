"""Who may do what with pushing."""

from tests.support.access import Rows, pushes, reads_sync

ROWS: Rows = {
    "POST /api/v1/sync/projects/{project}/repos/{repo}/commits": pushes(422),
    "POST /api/v1/sync/projects/{project}/repos/{repo}/commits/stream": pushes(415),
    "GET /api/v1/sync/projects/{project}/repos/{repo}/status": reads_sync(),
    "POST /api/v1/sync/projects/{project}/repos/{repo}/missing": pushes(422),
    "GET /api/v1/sync/projects/{project}/repos/{repo}/refs": reads_sync(),
    "PUT /api/v1/sync/projects/{project}/repos/{repo}/refs": pushes(422),
    "GET /api/v1/sync/projects/{project}/repos/{repo}/runs": reads_sync(),
    "GET /api/v1/sync/projects/{project}/repos/{repo}/runs/{run_id}": reads_sync(),
    "GET /api/v1/sync/projects/{project}/repos/{repo}/clients": pushes(200),
}
