"""Answers that name an address: of what was made, or of what will come of a request."""

from typing import TypeVar
from urllib.parse import quote

from litestar import Response
from msgspec import Struct

from tgl_protocol.http import API_PREFIX

T = TypeVar("T", bound=Struct)


class Located(Response[T]):
    """An answer whose `Location` is the address of what it is about."""

    def __init__(self, content: T, status_code: int, *path: object) -> None:
        address = "/".join([API_PREFIX, *(quote(str(part), safe="") for part in path)])
        super().__init__(content, status_code=status_code, headers={"Location": address})


class Created(Located[T]):
    """A 201 answer, with the address of what was made, by ids: they stay when names change."""

    def __init__(self, made: T, *path: object) -> None:
        super().__init__(made, 201, *path)


class Accepted(Located[T]):
    """A 202 answer, with the address where what comes of it is shown."""

    def __init__(self, accepted: T, *path: object) -> None:
        super().__init__(accepted, 202, *path)
