"""Two clients with one history at once: both succeed, and everything is counted once."""

import asyncio
import json
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.commits import batch, numbered
from tests.support.database import count, until_query
from tests.support.world import World
from tgl_server.db.copy import copy_rows
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.ingest.decode import prepare_batch
from tgl_server.ingest.encode import COLUMNS
from tgl_server.settings import Settings

COMMITS = 10_000
BATCH = 1000
WAITS_FOR_ANOTHER = """
    SELECT count(*) = 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event = 'transactionid' AND query LIKE 'COPY%'
"""


def bodies(round_: int) -> list[bytes]:
    commits = numbered(COMMITS, start=round_ * COMMITS)
    return [json.dumps(batch(*commits[at : at + BATCH])).encode() for at in range(0, COMMITS, BATCH)]


def backwards(bodies: list[bytes]) -> list[bytes]:
    """The last batch first, and the last commit first in each."""
    return [json.dumps(batch(*reversed(json.loads(body)["commits"]))).encode() for body in reversed(bodies)]


async def push_all(api: Api, path: str, sent: list[bytes]) -> int:
    inserted = 0
    for body in sent:
        answer = await api.request("POST", path, data=BytesIO(body), headers={"Content-Type": "application/json"})
        assert answer.status == 201, answer.body
        inserted += answer.json["inserted"]
    return inserted


@pytest.mark.parametrize("rounds", [5, pytest.param(20, marks=pytest.mark.slow)])
async def test_two_clients_push_the_same_history_in_opposite_order(
    api: Api, world: World, database: Database, postgres: EmbeddedPostgres, rounds: int
) -> None:
    path = f"{world.sync_path}/commits"
    logged = len(postgres.log_file.read_text())
    for round_ in range(rounds):
        forwards = bodies(round_)
        counts = await asyncio.gather(push_all(api, path, forwards), push_all(api, path, backwards(forwards)))
        assert sum(counts) == COMMITS
    stored = await count(database, "commits")
    status = (await api.get(f"{world.sync_path}/status")).json
    assert stored == status["total_commits"] == rounds * COMMITS
    assert "deadlock detected" not in postgres.log_file.read_text()[logged:]


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another server's pool."""
    database = Database(Settings(database_url=database_url))
    yield database
    await database.close()


async def test_a_commit_that_another_push_stores_in_between_is_skipped(
    api: Api, world: World, database: Database, other: Database
) -> None:
    """The other push has stored but not committed when ours looks up what is there, and ours waits for it."""
    shared, *own = numbered(3)
    row = prepare_batch(world.repo_id, json.dumps(batch(shared)).encode()).rows
    async with other.transaction() as tx:
        await tx.execute(text("SELECT 1"))
        await copy_rows(tx, "commits", COLUMNS, row.values())
        pushing = asyncio.create_task(api.post(f"{world.sync_path}/commits", batch(shared, *own)))
        await until_query(database, WAITS_FOR_ANOTHER)
        assert not pushing.done()
    answer = (await pushing).json
    assert (answer["inserted"], answer["skipped"]) == (2, 1)
    assert [each["inserted"] for each in answer["details"]] == [False, True, True]
    async with database.statements() as connection:
        counted = await connection.execute(
            text("SELECT count(*), (SELECT sum(total_commits) FROM repo_states) FROM commits")
        )
    assert tuple(counted.one()) == (3, 2)  # the other one counted nothing
