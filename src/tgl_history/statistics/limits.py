"""What one counting process may take, for histories that may be hostile."""

import signal
import sys
from typing import NamedTuple


class Limits(NamedTuple):
    """The most that one counting process may take; only Linux can set them from outside."""

    memory_bytes: int
    cpu_seconds: int


def limit(process: int, limits: Limits) -> None:
    """Limit a process that has just started; it reads no object before it is given an id."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 -- Windows has none

        kinds = {
            resource.RLIMIT_AS: limits.memory_bytes,
            resource.RLIMIT_CPU: limits.cpu_seconds,
            resource.RLIMIT_CORE: 0,
        }
        for kind, most in kinds.items():
            _, hard = resource.prlimit(process, kind)
            # The hard limit stays: that of time kills, which would be taken for somebody's wish.
            soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(process, kind, (soft, hard))


def in_words(said: bytes, status: int, limits: Limits | None) -> str:
    """What a process that ended said, or which limit ended it."""
    if limits is not None and status == -getattr(signal, "SIGXCPU", 0):
        return f"it takes more than {limits.cpu_seconds} seconds of a processor"
    return said.decode("utf-8", "replace").strip()
