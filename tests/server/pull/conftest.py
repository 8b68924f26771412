"""A repository whose pull is due, and the settings that allow to pull it from the forge."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.forge import Forge
from tests.support.pulls import Hanging, let_pull, make_due
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.settings import Settings


@pytest.fixture
async def due(database: Database, world: World) -> RepoId:
    """A repository whose moment has come."""
    repo_id = await let_pull(database, world)
    await make_due(database, repo_id)
    return repo_id


@pytest.fixture
def settings(database_url: str, forge: Forge, tmp_path: Path) -> Settings:
    """The settings of a worker that may fetch from the forge."""
    return Settings(
        database_url=database_url,
        mirror_dir=str(tmp_path / "mirrors"),
        pull_allowed_networks=("127.0.0.1/32",),
        pull_allowed_ports=(forge.port,),
        pull_ca_file=str(forge.ca_file),
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
