"""Pushing as a user does, and looking at what the server has of it."""

import asyncio
from pathlib import Path

from sqlalchemy import text

from tests.support.command import TGL, Done, tgl
from tests.support.database import count
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World
from tgl_client import Client
from tgl_server.db.engine import Database


def push(path: Path, *args: object) -> Done:
    """Run `tgl push` of one repository to its end."""
    return tgl("push", path, *args)


async def stored(database: Database) -> set[str]:
    """The commits that the server has."""
    async with database.statements() as connection:
        return {sha.hex() for sha in await connection.scalars(text("SELECT sha FROM commits"))}


async def push_and_kill(repository: Path, database: Database, *args: str, after: int) -> None:
    """Push, and kill -9 the client once the server has `after` commits."""
    victim = await asyncio.create_subprocess_exec(*TGL, "push", str(repository), "-q", *args)

    async def enough_is_stored() -> bool:
        assert victim.returncode is None
        return await count(database, "commits") >= after

    await until(enough_is_stored)
    victim.kill()
    await victim.wait()
    await _settled(database)


async def until_pushed(server: RunningServer, world: World, tip: str) -> None:
    """Wait until the server has recorded `tip` as the tip of `main`."""
    async with Client(server.url, world.key) as client:

        async def is_recorded() -> bool:
            return (await client.status(world.project, world.repo)).refs.get("refs/heads/main") == tip

        await until(is_recorded)


async def _settled(database: Database) -> None:
    """Wait until the server has finished the requests that the dead client left."""
    before = -1
    while before != (before := await count(database, "commits")):  # noqa: ASYNC110 -- the server tells nobody
        await asyncio.sleep(0.5)
