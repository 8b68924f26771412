"""Activity and contributors as files for a spreadsheet; no cell is run as a formula, whatever somebody is called."""

from litestar import Response

from tgl_protocol.activity import Activity, ActivityPeriod, Contributor, ContributorPage
from tgl_server.http.formats import csv_file

#: The most contributors in a file.
MOST_ROWS = 10_000
_COLUMNS = tuple(name for name in Contributor.__struct_fields__ if name not in ("player_id", "emails"))


def activity_file(found: Activity) -> Response[bytes]:
    """All periods, the oldest first."""
    return csv_file("activity", found.items, ActivityPeriod.__struct_fields__)


def contributors_file(found: ContributorPage) -> Response[bytes]:
    """The contributors of a page, which may be as long as `MOST_ROWS`."""
    return csv_file("contributors", found.items, _COLUMNS)
