"""A repository that the server pulls from a forge, and the settings that allow it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.forge import Forge
from tests.support.pulls import Hanging, let_pull
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.sealing.sealer import new_key
from tgl_server.settings import Settings


@pytest.fixture
def settings(database_url: str, forge: Forge, tmp_path: Path) -> Settings:
    """The settings of a worker that may fetch from the forge, and can open secrets."""
    return Settings(
        database_url=database_url,
        mirror_dir=str(tmp_path / "mirrors"),
        pull_allowed_networks=("127.0.0.1/32",),
        pull_allowed_ports=(forge.port,),
        pull_ca_file=str(forge.ca_file),
        secrets_keys=(new_key(),),
    )


@pytest.fixture
async def repo(database: Database, world: World, forge: Forge, source: Path) -> RepoId:
    """A repository that is pulled from the forge, with three commits."""
    return await let_pull(database, world, forge.add(source))


@pytest.fixture
def hanging(forge: Forge) -> Iterator[Hanging]:
    """The forge answers when the test says so."""
    hanging = Hanging(forge)
    yield hanging
    hanging.go_on()
