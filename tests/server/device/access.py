"""Who may log a machine in: anybody may ask, and the code that they were given says whose key they get."""

from tests.support.access import Rows, public

ROWS: Rows = {
    "POST /api/v1/device/authorize": public(200),
    "POST /api/v1/device/token": public(422),
}
