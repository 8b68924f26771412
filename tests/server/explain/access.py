"""Who may ask where a commit is."""

from tests.support.access import Rows, reads_repository

ROWS: Rows = {"GET /api/v1/projects/{project}/repos/{repo}/explain/{sha}": reads_repository()}
