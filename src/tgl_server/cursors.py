"""Opaque cursors: where a page of a sorted list ended.

A cursor holds the sort key of the last row and nothing else, so a page starts in the right place however many rows
came or went meanwhile. It is no secret and no right: whoever makes one up sees only what they may see anyway.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar.params import Parameter
from msgspec import Meta
from sqlalchemy import RowMapping

from tgl_server import errors

T = TypeVar("T")

#: A date in a cursor's shape; one without a zone is none of ours.
Instant = Annotated[datetime, Meta(tz=True)]

Cursor = Annotated[
    str | None,
    Parameter(max_length=1000, description="The `next_cursor` of the page before; without it the list starts anew"),
]


def encode_cursor(*key: datetime | UUID | str | bytes) -> str:
    """The sort key of a page's last row as text that fits a URL."""
    return urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode_cursor(cursor: str, shape: type[T]) -> T:
    """The sort key again, `shape` being the tuple that it was; raises a 422 error for what is no cursor of ours."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = msgspec.json.decode(urlsafe_b64decode(padded), type=shape)
        _check_storable(key)
    except (ValueError, OverflowError, msgspec.MsgspecError):
        raise errors.InvalidParameter("This cursor is not one of ours; start again without it.") from None
    return key


def _check_storable(key: Any) -> None:
    """What PostgreSQL cannot hold would be an error there: a NUL, and a date that leaves the calendar in UTC."""
    for value in key:
        if isinstance(value, datetime):
            value.astimezone(UTC)
        elif isinstance(value, str) and "\x00" in value:
            raise ValueError


def cut_page(
    rows: Sequence[RowMapping], limit: int, key: Callable[[RowMapping], tuple[Any, ...]]
) -> tuple[Sequence[RowMapping], str | None]:
    """A page and its next cursor, from one row more than the page holds; `key` is a row's sort key."""
    page = rows[:limit]
    return page, encode_cursor(*key(page[-1])) if len(rows) > limit else None
