"""The follower that keeps the sums: they equal the commits, whatever came in which order and was computed how."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import execute, scalar
from tests.support.sums import count_sums, counted, held, until_followed
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.activity.service import ACTIVITY
from tgl_server.audit.service import Actor
from tgl_server.commits.models import IngestKind
from tgl_server.commits.service import log_change
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.followers.service import follow_anew, hold_mark
from tgl_server.projects.service import delete_repo
from tgl_server.verify.service import FaultKind, find_faults, repair

AUTHORS = ("ada@example.com", "Ben@Example.com", "", "zoë@example.com", "merges@example.com")
NAMES = ("Ada", "ada", "Ada L.", "Ådä", "")
TIMEOUT = timedelta(minutes=15)
START = datetime(2026, 1, 1, tzinfo=UTC)


def made(number: int, chance: Random) -> dict[str, Any]:
    """A commit of a few authors and days, so that keys meet; some have the same moment, some are merges."""
    email = chance.choice(AUTHORS)
    at = START + timedelta(hours=chance.randrange(0, 24 * 20, 7))
    zone = f"{chance.choice('+-')}{chance.randrange(14):02}:{chance.choice(['00', '30'])}"
    is_merge = email.startswith("merges") or chance.random() < 0.2
    return commit(
        number,
        author_email=email,
        author_name=chance.choice(NAMES),
        author_date=f"{at:%Y-%m-%dT%H:%M:%S}{zone}",
        additions=chance.randrange(2**31),
        deletions=chance.randrange(1000),
        files_changed=chance.randrange(10),
        is_merge=is_merge,
    )


async def push(api: Api, world: World, *commits: dict[str, Any]) -> None:
    answer = await api.post(f"{world.sync_path}/commits", batch(*commits))
    assert answer.status == 201, answer.body


async def check(database: Database, world: World) -> None:
    """The sums are those of the commits."""
    expected = await counted(database, world.repo_id)
    assert await held(database, world.repo_id) == expected
    assert expected["author_days"]


@asynccontextmanager
async def held_back(database: Database, world: World) -> AsyncIterator[None]:
    """Nobody follows the repository inside the block, and everybody after it."""
    async with database.transaction() as tx:
        await hold_mark(tx, RepoId(world.repo_id), ACTIVITY)
        yield


@pytest.fixture
async def followed(api: Api, world: World, database: Database) -> Api:
    """A repository whose sums are up to date."""
    chance = Random(7)
    await push(api, world, *(made(number, chance) for number in range(60)))
    await until_followed(database)
    return api


async def test_sums_that_grow_batch_by_batch_are_those_of_the_commits(
    api: Api, world: World, database: Database
) -> None:
    chance = Random(1)
    for start in range(0, 300, 30):
        await push(api, world, *(made(number, chance) for number in range(start, start + 30)))
        if start % 60:
            await until_followed(database)
    await until_followed(database)
    await check(database, world)


async def test_batches_of_one_moment_are_counted_once(followed: Api, world: World, database: Database) -> None:
    """The second is followed after the first: with more commits of the moment than its row announces."""
    chance = Random(2)
    async with held_back(database, world):
        await push(followed, world, *(made(number, chance) for number in range(100, 140)))
        for table, moment in (("commits", "ingested_at"), ("ingest_log", "at")):
            await execute(database, f"UPDATE {table} SET {moment} = (SELECT min(at) FROM ingest_log)")
    await until_followed(database)
    await check(database, world)


async def test_removed_commits_are_no_longer_counted(followed: Api, world: World, database: Database) -> None:
    async with database.transaction() as tx:
        await hold_mark(tx, RepoId(world.repo_id), ACTIVITY)
        await tx.execute(text("DELETE FROM commits WHERE author_email IN ('', 'ada@example.com')"))
        await log_change(tx, RepoId(world.repo_id), IngestKind.REMOVED)
    await until_followed(database)
    await check(database, world)
    assert ("ada@example.com",) not in (await held(database, world.repo_id))["author_totals"]


async def test_from_nothing_come_the_same_sums(followed: Api, world: World, database: Database) -> None:
    before = await held(database, world.repo_id)
    async with database.transaction() as tx:
        await hold_mark(tx, RepoId(world.repo_id), ACTIVITY)
        await ACTIVITY.forget(tx, [RepoId(world.repo_id)])
        await tx.execute(text("UPDATE follower_marks SET seq = 0 WHERE follower = 'activity'"))
    await until_followed(database)
    assert await held(database, world.repo_id) == before


async def test_sums_that_are_computed_anew_are_those_that_were_added(
    followed: Api, world: World, database: Database
) -> None:
    before = await held(database, world.repo_id)
    async with database.transaction() as tx:
        await tx.execute(text("DELETE FROM author_days"))
        assert await follow_anew(tx, ACTIVITY, RepoId(world.repo_id))
    assert await held(database, world.repo_id) == before


WRONG = (
    "UPDATE author_days SET additions = additions + 1 WHERE day = (SELECT max(day) FROM author_days)",
    "UPDATE author_totals SET author_name = author_name || '.'",
    "UPDATE author_totals SET days = days + 1",
    "UPDATE author_totals SET first_day = NULL",
    "UPDATE repo_days SET merges = merges + 1, commits = commits - 1",
    "DELETE FROM repo_weeks WHERE week = (SELECT min(week) FROM repo_weeks)",
    "DELETE FROM author_days",
    "INSERT INTO repo_days SELECT id, '2001-01-01', 0, 1, 0, 0, 0 FROM repos",
    "INSERT INTO author_totals SELECT id, 'x', '', 0, 1, 0, 0, 0, 0, NULL, NULL, 1, '2001-01-01', now() FROM repos",
)


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_sum_is_found_and_repaired(wrong: str, followed: Api, world: World, database: Database) -> None:
    await execute(database, wrong)
    (fault,) = await find_faults(database, TIMEOUT, FOLLOWERS)
    assert (fault.kind, fault.subject) == (FaultKind.FOLLOWER, "activity")
    assert await repair(database, fault, TIMEOUT, FOLLOWERS)
    assert await find_faults(database, TIMEOUT, FOLLOWERS) == []
    await check(database, world)


async def test_a_repository_that_is_behind_its_log_is_not_wrong(
    followed: Api, world: World, database: Database
) -> None:
    async with held_back(database, world):
        await push(followed, world, commit("later"))
        assert await find_faults(database, TIMEOUT, FOLLOWERS) == []


async def test_sums_of_a_repository_that_is_gone_are_found_and_deleted(
    followed: Api, world: World, database: Database
) -> None:
    await execute(database, "INSERT INTO repo_days SELECT gen_random_uuid(), day, 1, 0, 0, 0, 0 FROM repo_days")
    faults = await find_faults(database, TIMEOUT, FOLLOWERS)
    assert {(fault.kind, fault.subject) for fault in faults} == {(FaultKind.FOLLOWER, "activity")}
    for fault in faults:
        await repair(database, fault, TIMEOUT, FOLLOWERS)
    await check(database, world)
    assert await scalar(database, "SELECT count(DISTINCT repo_id) FROM repo_days") == 1


async def test_a_deleted_repository_takes_its_sums_along(followed: Api, world: World, database: Database) -> None:
    assert await count_sums(database) > 0
    async with database.transaction() as tx:
        await delete_repo(tx, RepoId(world.repo_id), Actor(), FOLLOWERS)
    assert await count_sums(database) == 0
