"""A server with a key for secrets, a maintainer with a repository that clients push to, and its webhook."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from tests.support.api import Api
from tests.support.database import execute
from tests.support.people import People, Person, make_project, make_repo
from tests.support.servers import RunningServer, running_server
from tests.support.webhooks import SENDERS, URL, Hook, make_hook
from tgl_server.db.engine import Database
from tgl_server.sealing.sealer import new_key


@pytest.fixture(scope="session")
def shared_hooked_server(migrated_url: str) -> Iterator[RunningServer]:
    with running_server(
        database_url=migrated_url,
        secrets_keys=new_key(),
        log_level="debug",
        webhook_requests_per_minute=1_000_000,
        # The tests are its trusted proxy, so that each delivery has an address, and so a count, of its own.
        trusted_proxies="127.0.0.1",
    ) as server:
        yield server


@pytest.fixture
def hooked_server(shared_hooked_server: RunningServer, database_url: str) -> RunningServer:
    """A server with a key, over an empty database."""
    assert shared_hooked_server.database_url == database_url
    return shared_hooked_server


@pytest.fixture
async def sender(hooked_server: RunningServer) -> AsyncIterator[Api]:
    """Requests without credentials, as forges send them."""
    async with Api(hooked_server.url) as api:
        yield api


@pytest.fixture
async def maintainer(hooked_server: RunningServer, database: Database) -> AsyncIterator[Person]:
    """Ada, who owns the project `team` with the repository `linux`."""
    async with AsyncExitStack() as stack:
        ada = await People(hooked_server, database, stack).make("ada")
        await make_repo(ada, await make_project(ada), git_url=URL)
        yield ada


@pytest.fixture
async def hook(maintainer: Person, sender: Api) -> Hook:
    """GitHub's."""
    return await make_hook(maintainer, sender, "github")


@pytest.fixture(params=sorted(SENDERS))
async def any_hook(request: pytest.FixtureRequest, maintainer: Person, sender: Api, database: Database) -> Hook:
    """A webhook of each kind."""
    hook = await make_hook(maintainer, sender, request.param)
    if request.param == "bitbucket_cloud":  # whose pushes name no address
        await execute(database, "UPDATE repos SET git_url = 'git@bitbucket.org:team/linux.git'")
    return hook
