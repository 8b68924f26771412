"""What `tgl league` can show."""

from enum import StrEnum


class View(StrEnum):
    """What of a league is shown."""

    TABLE = "table"
    WEEK = "week"
    ME = "me"
