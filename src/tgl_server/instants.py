"""Points in time as query parameters: `since` is included, `until` is not, so that neighbouring spans share nothing."""

from datetime import UTC, datetime
from typing import Annotated

from litestar.params import Parameter

from tgl_protocol.problem import FieldError
from tgl_server import errors

_FORMAT = {"format": "date-time"}

Since = Annotated[
    str | None,
    Parameter(schema_extra=_FORMAT, description="From this time on. Without a zone it is UTC"),
]
Until = Annotated[
    str | None,
    Parameter(schema_extra=_FORMAT, description="Before this time. Without a zone it is UTC"),
]


def parse_instant(field: str, text: str | None) -> datetime | None:
    """A date or a date and time of ISO 8601, in UTC; raises a 422 error that names the parameter."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.upper())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        message = "Expected a date or time like 2026-01-02 or 2026-01-02T12:00:00Z; a + must be written as %2B"
        raise errors.InvalidParameter(f"`{field}` is no time.", [FieldError(message, field=field)]) from None
