"""Opaque cursors, which say where a page of a sorted list ended.

A cursor holds the sort key of the last row and nothing else, so the next page starts in the right place however many
rows were added or deleted meanwhile. It grants nothing: a made-up cursor shows only what its caller may see anyway.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar.params import Parameter, QueryParameter
from msgspec import Meta
from sqlalchemy import RowMapping

from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.http.text_rules import is_storable

T = TypeVar("T")

#: A date in a cursor's shape; ours always have a time zone.
Instant = Annotated[datetime, Meta(tz=True)]

Cursor = Annotated[
    str | None,
    Parameter(max_length=1000, description="The `next_cursor` of the page before; without it the list starts anew"),
]


#: The number of items on a page; the longer one is for lists of plain rows.
Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many at the most")]
LongLimit = Annotated[int, QueryParameter(ge=1, le=500, description="How many at the most")]


def encode_cursor(*key: datetime | UUID | str | bytes) -> str:
    """The sort key of a page's last row as text that fits a URL."""
    return urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode_cursor(cursor: str, shape: type[T]) -> T:
    """The sort key in a cursor, as a tuple of type `shape`; raises a 422 error for what is no cursor of ours."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = msgspec.json.decode(urlsafe_b64decode(padded), type=shape)
        _check_storable(key)
    except (ValueError, OverflowError, msgspec.MsgspecError):
        raise bad_cursor() from None
    return key


def bad_cursor() -> errors.InvalidParameter:
    """The refusal of a cursor that is not one of this list's."""
    message = "This cursor is not one of this list's; start again without it"
    return errors.InvalidParameter(f"{message}.", [FieldError(message, field="cursor")])


def _check_storable(key: Any) -> None:
    """Raises an error for what PostgreSQL cannot hold: a NUL, and a date that is off the calendar in UTC."""
    for value in key:
        if isinstance(value, datetime):
            value.astimezone(UTC)
        elif isinstance(value, str) and not is_storable(value):
            raise ValueError


def cut_page(
    rows: Sequence[RowMapping], limit: int, key: Callable[[RowMapping], tuple[Any, ...]]
) -> tuple[Sequence[RowMapping], str | None]:
    """A page and its next cursor, from one row more than the page holds; `key` is a row's sort key."""
    page = rows[:limit]
    return page, encode_cursor(*key(page[-1])) if len(rows) > limit else None
