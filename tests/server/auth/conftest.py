"""Fixtures of the tests of keys and passwords."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.hashing import MakeArgon2, quick_argon2
from tgl_server.auth.argon2 import Argon2


@pytest.fixture
def make_argon2() -> Iterator[MakeArgon2]:
    """Makes one with so many KiB of memory, and ends it with the test."""
    with ExitStack() as stack:
        yield lambda memory_kib: stack.enter_context(quick_argon2(memory_kib))


@pytest.fixture
def argon2(make_argon2: MakeArgon2) -> Argon2:
    """With the parameters of the world's key."""
    return make_argon2(1024)
