"""Fixtures of the console's tests: visitors over plain HTTP, and windows of a real browser."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browser import Window, open_window, running_browser
from tests.support.hashing import quick_argon2
from tests.support.league import add_league
from tests.support.people import PASSWORD, People, Person, make_project, make_repo
from tests.support.servers import RunningServer, running_server
from tests.support.visitor import Visitor
from tests.support.world import World
from tgl_server.accounts.service import get_user
from tgl_server.auth.passwords import hash_password
from tgl_server.db.engine import Database
from tgl_server.sealing.sealer import new_key

PULL_URL = "https://git.example.com/linux.git"

OpenWindow = Callable[..., AbstractAsyncContextManager[Window]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for a test process, on the event loop of the session."""
    async with running_browser() as browser:
        yield browser


@pytest.fixture
def window(browser: Browser, server: RunningServer) -> OpenWindow:
    """Opens windows onto the server, each with cookies of its own."""

    def open_(**settings: Any) -> AbstractAsyncContextManager[Window]:
        return open_window(browser, server.url, **settings)

    return open_


@pytest.fixture
def owner(world: World, own_loop: asyncio.Runner, own_pool: Database) -> str:
    """The address of the world's commissioner, who has a password now."""
    return own_loop.run(_with_password(own_pool, world))


async def _with_password(database: Database, world: World) -> str:
    with quick_argon2() as argon2:
        hashed = await hash_password(argon2, PASSWORD)
    async with database.transaction() as tx:
        user = await get_user(tx, world.user_id)
        user.password_hash = hashed
        return user.email


@pytest.fixture
def league(database_url: str, own_loop: asyncio.Runner, own_pool: Database) -> None:
    """People with a project and a repository, made on a loop beside the browser's."""
    own_loop.run(add_league(own_pool))


@pytest.fixture
async def visitor(server: RunningServer, database_url: str) -> AsyncIterator[Visitor]:
    """Somebody who has not signed in."""
    async with Visitor(server.url) as visitor:
        yield visitor


@pytest.fixture
async def boss_visitor(visitor: Visitor, boss: Person) -> Visitor:
    """A commissioner who has signed in."""
    await visitor.sign_in(boss.email)
    return visitor


@pytest.fixture
async def ada_visitor(visitor: Visitor, ada: Person) -> Visitor:
    """A player who has signed in."""
    await visitor.sign_in(ada.email)
    return visitor


@pytest.fixture(scope="session")
def shared_sealing_server(migrated_url: str) -> Iterator[RunningServer]:
    """A server with a key for secrets."""
    with running_server(database_url=migrated_url, secrets_keys=new_key(), log_level="debug") as server:
        yield server


@pytest.fixture
def sealing_server(shared_sealing_server: RunningServer, database_url: str) -> RunningServer:
    """A server with a key for secrets, over an empty database."""
    assert shared_sealing_server.database_url == database_url
    return shared_sealing_server


@pytest.fixture
async def keeper(sealing_server: RunningServer, people: People) -> AsyncIterator[Visitor]:
    """Ada, signed in where secrets can be sealed, with a repository that the server pulls."""
    ada = await people.make("ada")
    await make_repo(ada, await make_project(ada), git_url=PULL_URL, sync_method="pull_celery")
    async with Visitor(sealing_server.url) as visitor:
        await visitor.sign_in(ada.email)
        yield visitor
