"""Who may do what with a repository's sums."""

from tests.support.access import Rows, reads_repository

ROWS: Rows = {
    "GET /api/v1/projects/{project}/repos/{repo}/activity": reads_repository(),
    "GET /api/v1/projects/{project}/repos/{repo}/contributors": reads_repository(),
}
