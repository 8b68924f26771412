"""A server with a key for secrets, and a maintainer whose repository has a remote."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import Answer
from tests.support.people import People, Person, make_project, make_repo
from tests.support.servers import RunningServer, running_server
from tgl_server.access.ids import RepoId
from tgl_server.credentials.opening import open_credential
from tgl_server.db.engine import Database
from tgl_server.remotes import Credential, RemotePolicy
from tgl_server.sealing.sealer import Sealer, new_key

KEY = new_key()
URL = "https://git.example.com/team/linux.git"


@dataclass(frozen=True)
class Remote:
    """A repository with a remote, and who maintains it."""

    owner: Person
    path: str
    repo_id: RepoId

    async def store(self, **new: Any) -> Answer:
        return await self.owner.put(f"{self.path}/credentials", new)

    async def token(self, secret: str) -> Answer:
        answer = await self.store(kind="https_token", secret=secret)
        assert answer.status == 200, answer.body
        return answer

    async def shown(self) -> Answer:
        return await self.owner.get(f"{self.path}/credentials")

    async def move(self, git_url: str | None) -> None:
        answer = await self.owner.patch(self.path, {"git_url": git_url})
        assert answer.status == 200, answer.body


async def make_remote(owner: Person, name: str = "linux", git_url: str = URL) -> Remote:
    """A repository of the project `team`."""
    made = await make_repo(owner, "/projects/team", name, git_url=git_url)
    return Remote(owner, f"/projects/team/repos/{name}", RepoId(UUID(made["id"])))


async def opened(
    database: Database, repo_id: RepoId, *keys: str, policy: RemotePolicy | None = None
) -> Credential | None:
    """What a pull is given."""
    async with database.statements() as connection:
        return await open_credential(connection, Sealer(keys or [KEY]), policy or RemotePolicy(), repo_id)


@pytest.fixture(scope="session")
def shared_sealing_server(migrated_url: str) -> Iterator[RunningServer]:
    with running_server(database_url=migrated_url, secrets_keys=KEY, log_level="debug") as server:
        yield server


@pytest.fixture
def sealing_server(shared_sealing_server: RunningServer, database_url: str) -> RunningServer:
    """A server with a key, over an empty database."""
    assert shared_sealing_server.database_url == database_url
    return shared_sealing_server


@pytest.fixture
async def maintainer(sealing_server: RunningServer, database: Database) -> AsyncIterator[Person]:
    """Ada, who owns the project `team`."""
    async with AsyncExitStack() as stack:
        ada = await People(sealing_server, database, stack).make("ada")
        await make_project(ada)
        yield ada


@pytest.fixture
async def remote(maintainer: Person) -> Remote:
    """Ada's repository."""
    return await make_remote(maintainer)
