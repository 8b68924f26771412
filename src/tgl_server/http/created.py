"""Answers about new resources."""

from typing import TypeVar
from urllib.parse import quote

from litestar import Response
from msgspec import Struct

from tgl_protocol.http import API_PREFIX

T = TypeVar("T", bound=Struct)


class Created(Response[T]):
    """A 201 answer whose `Location` is the address of what was made, by ids: they stay when names change."""

    def __init__(self, made: T, *path: object) -> None:
        address = "/".join([API_PREFIX, *(quote(str(part), safe="") for part in path)])
        super().__init__(made, status_code=201, headers={"Location": address})
