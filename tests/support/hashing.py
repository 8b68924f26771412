"""Argon2 with parameters that cost a test nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tgl_server.auth.argon2 import Argon2
from tgl_server.settings import Settings

MakeArgon2 = Callable[[int], Argon2]

#: What the world's keys and the people's passwords are hashed with.
QUICK = Settings(argon2_time_cost=1, argon2_memory_kib=1024)


@contextmanager
def quick_argon2(memory_kib: int = QUICK.argon2_memory_kib) -> Iterator[Argon2]:
    """An Argon2 of one round, whose threads end with the block."""
    argon2 = Argon2(Settings(argon2_time_cost=1, argon2_memory_kib=memory_kib))
    try:
        yield argon2
    finally:
        argon2.close()
