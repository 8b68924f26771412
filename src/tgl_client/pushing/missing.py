"""Asks the server which commits are missing, in questions of a size that it accepts."""

from collections.abc import Callable

from tgl_client.http.address import Target
from tgl_client.http.api import Api
from tgl_client.pushing.plan import chunks, in_order


async def ask_missing(
    api: Api, target: Target, shas: list[bytes], chunk: int, advance: Callable[[int], None] | None = None
) -> list[bytes]:
    """Those of the commits that are missing, in the order given; `advance` hears how many were asked for."""
    missing: set[str] = set()
    for part in chunks(shas, chunk):
        missing.update(await api.missing(target, part))
        if advance is not None:
            advance(len(part))
    return in_order(shas, missing)
