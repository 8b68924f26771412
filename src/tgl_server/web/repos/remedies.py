"""What to do about a commit that was refused, by the field that was wrong. Pure."""

from collections.abc import Mapping
from typing import Final

_SHORTEN = "Shorten it where it is sent from; tgl push cuts what is too long by itself."
_COUNT = "Send a whole number from 0 on; tgl push counts lines itself, as git does."
_DATE = "Send a date and time of ISO 8601 with its zone; tgl push sends what git has."
_SHA = "Send all 40 hexadecimal digits of the sha, as git rev-parse prints them."
_REMEDIES: Final[Mapping[str, str]] = {
    "sha": _SHA,
    "parents": _SHA,
    "author_name": _SHORTEN,
    "author_email": _SHORTEN,
    "committer_name": _SHORTEN,
    "committer_email": _SHORTEN,
    "message_title": _SHORTEN,
    "message_body": _SHORTEN,
    "author_date": _DATE,
    "commit_date": _DATE,
    "additions": _COUNT,
    "deletions": _COUNT,
    "files_changed": _COUNT,
    "parent_count": _COUNT,
}
_ELSE: Final = "Push it with tgl, which sends every field in its form; update tgl if that is what sent it."


def remedy_of(field: str | None) -> str:
    """A sentence that says what to do; a field of a list, such as `parents[0]`, is the list's."""
    return _REMEDIES.get((field or "").partition("[")[0], _ELSE)
