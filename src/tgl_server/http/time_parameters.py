"""Points in time, and days, as query parameters.

`since` is included, `until` is not, so that adjacent periods do not overlap.
"""

from datetime import UTC, date, datetime
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

_DAY_FORMAT = {"format": "date"}

SinceDay = Annotated[str | None, Parameter(schema_extra=_DAY_FORMAT, description="From this UTC day on")]
UntilDay = Annotated[str | None, Parameter(schema_extra=_DAY_FORMAT, description="Before this UTC day")]


def parse_instant(field: str, text: str | None) -> datetime | None:
    """The time that a text of ISO 8601 names, in UTC; raises a 422 error that names the parameter."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.upper())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        message = "Expected a date or time like 2026-01-02 or 2026-01-02T12:00:00Z; a + must be written as %2B"
        raise errors.InvalidParameter(f"`{field}` is not a date or time.", [FieldError(message, field=field)]) from None


def parse_day(field: str, text: str | None) -> date | None:
    """The day that a text of ISO 8601 names; raises a 422 error that names the parameter."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        reason = FieldError("Expected a day like 2026-01-02", field=field)
        raise errors.InvalidParameter(f"`{field}` is not a day.", [reason]) from None
