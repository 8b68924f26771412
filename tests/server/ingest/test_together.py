"""Two clients with one history at once: both succeed, and everything is counted once."""

import asyncio
import json
from io import BytesIO

import pytest
from sqlalchemy import text

from tests.api import Api
from tests.commits import batch, numbered
from tests.world import World
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database

ROUNDS = 20
COMMITS = 10_000
BATCH = 1000


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


@pytest.mark.slow
async def test_two_clients_push_the_same_history_in_opposite_order(
    api: Api, world: World, database: Database, postgres: EmbeddedPostgres
) -> None:
    path = f"{world.sync_path}/commits"
    for round_ in range(ROUNDS):
        forwards = bodies(round_)
        counts = await asyncio.gather(push_all(api, path, forwards), push_all(api, path, backwards(forwards)))
        assert sum(counts) == COMMITS
    async with database.statements() as connection:
        stored = await connection.scalar(text("SELECT count(*) FROM commits"))
    status = (await api.get(f"{world.sync_path}/status")).json
    assert stored == status["total_commits"] == ROUNDS * COMMITS
    assert "deadlock detected" not in postgres.log_file.read_text()
