"""Fixtures of the tests of keys."""

import pytest

from tests.support.people import People, Person
from tgl_server.accounts.models import Role


@pytest.fixture
async def owner(people: People) -> Person:
    """Of projects and of keys."""
    return await people.make("owner", Role.COMMISSIONER)
