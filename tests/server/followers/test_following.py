"""Followers of the ingest log: each commit has its effect once, whoever pushes, follows, fails or deletes meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered
from tests.support.counting import Counting
from tests.support.database import execute, rows, scalar
from tests.support.databases import opened, own_database
from tests.support.metrics import scrape, value
from tests.support.servers import running_server
from tests.support.world import World, make_world
from tgl_server.access.ids import RepoId
from tgl_server.commits.models import IngestKind
from tgl_server.commits.service import log_change
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.followers.runner import Rests, catch_up, follow
from tgl_server.followers.service import forget_repos, lag_of

WRITERS = 4
PUSHES = 75
DELETE_ONE = text("DELETE FROM commits WHERE sha = (SELECT min(sha) FROM commits)")


@pytest.fixture
async def counting(database: Database, world: World) -> AsyncIterator[Counting]:
    """Follows the world's repository, when a test says so."""
    counting = Counting()
    await counting.begin(database)
    yield counting
    await execute(database, "DROP TABLE counted")


async def push(api: Api, world: World, *commits: dict[str, Any]) -> None:
    answer = await api.post(f"{world.sync_path}/commits", batch(*commits))
    assert answer.status == 201, answer.body


async def check(database: Database) -> None:
    """What was counted is what is stored, and the mark is at the log's end."""
    (counted,) = await rows(database, "SELECT commits, additions FROM counted")
    (stored,) = await rows(database, "SELECT count(*), coalesce(sum(additions), 0) FROM commits")
    assert tuple(counted) == tuple(stored)
    mark = "SELECT seq FROM follower_marks WHERE follower = 'counting'"
    assert await scalar(database, mark) == await scalar(database, "SELECT ingest_seq FROM repo_states")


async def test_a_follower_that_polls_misses_nothing_of_four_writers(
    api: Api, world: World, database: Database, database_url: str, counting: Counting
) -> None:
    """Two processes follow at once. The writers share some commits, so that they meet, and replay some."""
    done = asyncio.Event()

    async def write(writer: int) -> None:
        choose = Random(writer)
        for n in range(PUSHES):
            own = [commit(f"{writer}-{n}-{k}", additions=choose.randrange(1000)) for k in range(choose.randrange(1, 4))]
            await push(api, world, *own, commit(f"shared-{n // 2}", additions=7))

    async def poll(own: Database) -> None:
        while not done.is_set():
            await catch_up(own, [counting.follower])

    async with opened(database_url) as other:
        polling = [asyncio.create_task(poll(each)) for each in (database, other)]
        await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        done.set()
        await asyncio.gather(*polling)
    await catch_up(database, [counting.follower])
    await check(database)
    assert await scalar(database, "SELECT count(*) FROM ingest_log") > WRITERS * PUSHES / 2
    assert counting.called.count("add") > counting.called.count("rebuild") == 0


async def test_what_fails_after_its_effect_leaves_none_and_is_done_again(
    api: Api, world: World, database: Database, counting: Counting
) -> None:
    await push(api, world, *numbered(3))
    counting.fail_next = True
    with capture_logs() as logs:
        await catch_up(database, [counting.follower])
    assert [line["event"] for line in logs] == ["follower_failed"]
    assert await scalar(database, "SELECT count(*) FROM counted") == 0
    await catch_up(database, [counting.follower])
    await check(database)


async def test_a_repository_in_which_a_follower_failed_is_left_alone_for_a_while(
    api: Api, world: World, database: Database, counting: Counting
) -> None:
    await push(api, world, *numbered(3))
    counting.fail_next, rests = True, Rests()
    for _ in range(3):
        await catch_up(database, [counting.follower], rests=rests)
    assert counting.called == ["add"]


async def test_one_process_follows_a_repository_at_a_time_and_the_other_does_not_wait(
    api: Api, world: World, database: Database, counting: Counting
) -> None:
    await push(api, world, *numbered(3))
    async with database.transaction() as tx:
        await forget_repos(tx, [], [RepoId(world.repo_id)])
        assert not await asyncio.wait_for(follow(database, counting.follower, RepoId(world.repo_id)), 10)
        await tx.rollback()
    assert await follow(database, counting.follower, RepoId(world.repo_id))
    await check(database)


async def test_removed_commits_are_computed_anew(
    api: Api, world: World, database: Database, counting: Counting
) -> None:
    await push(api, world, *numbered(5))
    await catch_up(database, [counting.follower])
    await push(api, world, *numbered(8))
    async with database.transaction() as tx:
        await tx.execute(DELETE_ONE)
        await log_change(tx, RepoId(world.repo_id), IngestKind.REMOVED)
    with capture_logs() as logs:
        await catch_up(database, [counting.follower])
    assert logs == []
    assert counting.called == ["add", "rebuild"]
    await check(database)


async def test_commits_that_are_missing_without_a_reason_are_reported(
    api: Api, world: World, database: Database, counting: Counting
) -> None:
    await push(api, world, *numbered(5))
    async with database.transaction() as tx:
        await tx.execute(DELETE_ONE)
    with capture_logs() as logs:
        await catch_up(database, [counting.follower])
    (line,) = logs
    assert (line["event"], line["announced"], line["found"]) == ("follower_commits_missing", 5, 4)
    await check(database)


async def test_batches_of_one_moment_are_counted_once(
    api: Api, world: World, database: Database, counting: Counting
) -> None:
    """The second is followed when the first was: there are more commits of the moment than its row announces."""
    await push(api, world, *numbered(3))
    await catch_up(database, [counting.follower])
    await push(api, world, *numbered(2, start=3))
    for table, moment in (("commits", "ingested_at"), ("ingest_log", "at")):
        await execute(database, f"UPDATE {table} SET {moment} = (SELECT min(at) FROM ingest_log)")
    await catch_up(database, [counting.follower])
    assert counting.called == ["add", "renew"]
    await check(database)


async def test_a_long_log_is_followed_in_several_gulps(world: World, database: Database, counting: Counting) -> None:
    await execute(database, LONG_LOG.format(repo_id=world.repo_id))
    await execute(database, "UPDATE repo_states SET ingest_seq = 450")
    before = await _lag(database, counting)
    await catch_up(database, [counting.follower])
    assert (before, await _lag(database, counting)) == (450, 0)
    assert counting.called == ["add"] * 3
    await check(database)


async def test_a_lag_shows_in_the_metrics_of_a_server_that_does_not_follow(postgres: EmbeddedPostgres) -> None:
    """In a database of its own: other servers would follow."""
    async with own_database(postgres) as url:
        await asyncio.to_thread(migrate.upgrade, url)
        world = await make_world(url)
        with running_server(database_url=url, follower_pause_ms=0) as server:
            async with Api(server.url, world.key) as api:
                before = await scrape(api)
                await push(api, world, *numbered(3))
                await push(api, world, *numbered(5))
                after = await scrape(api)
    assert value(before, "tgl_follower_lag_rows", follower="roots") == 0
    assert value(before, "tgl_follower_lag_seconds", follower="roots") == 0
    assert value(after, "tgl_follower_lag_rows", follower="roots") == 2
    assert value(after, "tgl_follower_lag_seconds", follower="roots") > 0


LONG_LOG = """
    WITH log AS (
        INSERT INTO ingest_log (repo_id, seq, at, inserted, kind)
        SELECT '{repo_id}', n, '2026-01-01'::timestamptz + n * interval '1 s', 1, 'stored'
        FROM generate_series(1, 450) n
        RETURNING *
    )
    INSERT INTO commits (repo_id, sha, author_name, author_email, committer_name, committer_email, author_date,
                         commit_date, ingested_at, message_title, additions, deletions, files_changed, is_merge,
                         parent_count)
    SELECT repo_id, substring(sha256(seq::text::bytea) FOR 20), '', '', '', '', at, at, at, '', 1, 0, 0, false, 1
    FROM log
"""


async def _lag(database: Database, counting: Counting) -> int:
    async with database.statements() as connection:
        return (await lag_of(connection, [counting.follower]))["counting"].rows
