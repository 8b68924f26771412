"""Who may do what with stored commits."""

from tests.support.access import Rows, reads_repository

ROWS: Rows = {
    "GET /api/v1/projects/{project}/repos/{repo}/commits": reads_repository(),
    # They ask for a commit that is not there; who may not see the repository is told no more.
    "GET /api/v1/projects/{project}/repos/{repo}/commits/{sha}": reads_repository(404),
}
