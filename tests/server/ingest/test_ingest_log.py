"""The ingest log has a row for each change of what a repository holds, and for nothing else."""

from json import dumps
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered, sha_of
from tests.support.database import rows
from tests.support.world import World
from tgl_server.db.engine import Database

LOG = "SELECT seq, kind, inserted FROM ingest_log ORDER BY seq"


async def log(database: Database) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await rows(database, LOG)]


@pytest.fixture
async def pushed(api: Api, world: World) -> Api:
    await api.post(f"{world.sync_path}/commits", batch(*numbered(3)))
    return api


async def test_a_batch_is_one_row_with_the_moment_of_its_commits(pushed: Api, world: World, database: Database) -> None:
    await pushed.post(f"{world.sync_path}/commits", batch(*numbered(5)))
    assert await log(database) == [(1, "stored", 3), (2, "stored", 2)]
    found = await rows(
        database,
        "SELECT l.seq, count(*) FROM ingest_log l JOIN commits c ON c.repo_id = l.repo_id AND c.ingested_at = l.at "
        "GROUP BY l.seq ORDER BY l.seq",
    )
    assert [tuple(row) for row in found] == [(1, 3), (2, 2)]
    assert [tuple(row) for row in await rows(database, "SELECT ingest_seq, version FROM repo_states")] == [(2, 2)]


async def test_what_changes_nothing_is_not_in_the_log(pushed: Api, world: World, database: Database) -> None:
    await pushed.post(f"{world.sync_path}/commits", batch(*numbered(3)))
    await pushed.post(f"{world.sync_path}/commits", batch(commit("bad", additions=-1)))
    assert await log(database) == [(1, "stored", 3)]
    assert [row.version for row in await rows(database, "SELECT version FROM repo_states")] == [3]


async def test_tips_are_in_the_log_when_they_move(pushed: Api, world: World, database: Database) -> None:
    first, second = {"refs/heads/main": sha_of(0)}, {"refs/heads/main": sha_of(1)}
    for refs in (first, first, second, {"refs/heads/main": None}, {"refs/heads/main": None}):
        assert (await pushed.put(f"{world.sync_path}/refs", {"refs": refs})).status == 200
    assert await log(database) == [(1, "stored", 3), (2, "refs", 0), (3, "refs", 0), (4, "refs", 0)]


async def test_each_chunk_of_a_stream_is_a_row(api: Api, world: World, database: Database) -> None:
    lines = b"".join(dumps(each).encode() + b"\n" for each in numbered(1500))
    headers = {"Content-Type": "application/x-ndjson"}
    answer = await api.request("POST", f"{world.sync_path}/commits/stream", data=lines, headers=headers)
    assert answer.status == 201
    assert [(kind, inserted) for _, kind, inserted in await log(database) if kind == "stored"] == [
        ("stored", 1000),
        ("stored", 500),
    ]
