"""Reading the rows of keys, for many requests in one query."""

import asyncio

from tests.support.database import execute
from tests.support.world import World
from tgl_server.auth.keys.lookup import KeyRows
from tgl_server.db.engine import Database
from tgl_server.settings import Settings


async def test_requests_at_once_get_each_their_own_row(database: Database, world: World) -> None:
    rows = KeyRows(database)
    prefix = world.key[:12]
    found = await asyncio.gather(*(rows.find(prefix if n % 2 else f"tgl_{n:08}") for n in range(2000)))
    assert [row is not None and row["prefix"] == prefix for row in found] == [n % 2 == 1 for n in range(2000)]


async def test_a_row_is_read_after_it_was_asked_for(database: Database, world: World) -> None:
    """A change that was committed before the question shows in the answer, also while another question is read."""
    rows, prefix = KeyRows(database), world.key[:12]
    earlier = asyncio.create_task(rows.find(prefix))
    await asyncio.sleep(0)
    await execute(database, "UPDATE api_keys SET is_active = false")
    later = await rows.find(prefix)
    await earlier
    assert later is not None
    assert later["is_active"] is False


async def test_a_database_that_is_away_is_told_to_all_who_ask() -> None:
    database = Database(Settings(database_url="postgresql://nobody@127.0.0.1:1/none"))
    rows = KeyRows(database)
    answers = await asyncio.gather(*(rows.find(f"tgl_{n:08}") for n in range(5)), return_exceptions=True)
    assert all(isinstance(answer, OSError) for answer in answers)
    assert isinstance((await asyncio.gather(rows.find("tgl_later000"), return_exceptions=True))[0], OSError)
    await database.close()
