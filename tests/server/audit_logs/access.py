"""Who may do what with the audit log."""

from tests.support.access import Rows, web

ROWS: Rows = {
    "GET /api/v1/audit-logs": web(403, 403, 403, 403, 403, 200),
}
