"""`tgl-server verify`: each thing is broken on purpose, found, and repaired."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.command import tgl_server
from tests.support.commits import batch, numbered, sha_of
from tests.support.database import execute, scalar, until_query
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.commits.models import IngestKind
from tgl_server.commits.service import log_change
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.verify.service import Fault, FaultKind, find_faults, repair

TIMEOUT = timedelta(minutes=15)
RUN = {"TGL-Run-Id": "0198c0de-0000-7000-8000-000000000001"}

# With the digest that fits it, as it is the commit that was lost.
LOSE_REF = """
    WITH lost AS (UPDATE repo_refs SET sha = decode(repeat('ab', 20), 'hex') RETURNING name, sha)
    UPDATE repo_states SET refs_digest = (
        SELECT sha256(sha256(convert_to(name, 'UTF8') || decode('00', 'hex') || sha)) FROM lost
    )
"""
BREAK: dict[FaultKind, str] = {
    FaultKind.NO_STATE: "DELETE FROM repo_states",
    FaultKind.COUNTER: "UPDATE repo_states SET total_commits = total_commits + 7",
    FaultKind.LAST_SHA: "UPDATE repo_states SET last_ingested_sha = decode(repeat('ab', 20), 'hex')",
    FaultKind.LOG: "UPDATE ingest_log SET inserted = inserted + 1 WHERE kind = 'stored'",
    FaultKind.NO_MARK: "DELETE FROM follower_marks WHERE follower = 'roots'",
    FaultKind.FOLLOWER: "INSERT INTO repo_roots (repo_id, sha) SELECT repo_id, sha FROM commits",
    FaultKind.ORPHANS: "INSERT INTO repo_refs (repo_id, name, sha) VALUES (gen_random_uuid(), 'x', '\\xab')",
    FaultKind.TIPS: "UPDATE repo_states SET refs_digest = sha256('other')",
    FaultKind.LOST_REF: LOSE_REF,
    FaultKind.OPEN_RUN: "UPDATE sync_runs SET state = 'running', last_batch_at = now() - interval '1 day'",
}


@pytest.fixture
async def pushed(api: Api, world: World, database: Database) -> Api:
    """A repository of three commits, with a tip and a finished run, followed to the end of its log."""
    await api.post(f"{world.sync_path}/commits", batch(*numbered(3)), headers=RUN)
    await api.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/main": sha_of(2)}}, headers=RUN)
    await until_query(
        database, "SELECT bool_and(m.seq = s.ingest_seq) FROM follower_marks m JOIN repo_states s USING (repo_id)"
    )
    return api


async def test_nothing_is_found_after_ordinary_pushes(pushed: Api, database: Database) -> None:
    assert await find_faults(database, TIMEOUT, FOLLOWERS) == []


@pytest.mark.parametrize("kind", FaultKind)
async def test_a_fault_is_found_repaired_and_in_the_audit_log(kind: FaultKind, pushed: Api, database: Database) -> None:
    await execute(database, BREAK[kind])
    (fault,) = await find_faults(database, TIMEOUT, FOLLOWERS)
    assert fault.kind is kind
    assert await repair(database, fault, TIMEOUT, FOLLOWERS)
    assert await find_faults(database, TIMEOUT, FOLLOWERS) == []
    assert await scalar(database, "SELECT details->>'fault' FROM audit_logs WHERE action = 'repo:repaired'") == kind


async def test_repairing_restores_what_pushes_had_written(pushed: Api, world: World, database: Database) -> None:
    before = (await pushed.get(f"{world.sync_path}/status")).json
    await execute(database, BREAK[FaultKind.COUNTER])
    await execute(database, "UPDATE repo_states SET last_ingested_sha = NULL")
    for fault in await find_faults(database, TIMEOUT, FOLLOWERS):
        await repair(database, fault, TIMEOUT, FOLLOWERS)
    after = (await pushed.get(f"{world.sync_path}/status")).json
    assert after["total_commits"] == before["total_commits"] == 3
    assert after["last_ingested_sha"] in {sha_of(n) for n in range(3)}


async def test_what_is_right_by_now_is_left_alone(pushed: Api, world: World, database: Database) -> None:
    subjects = {FaultKind.NO_MARK: "roots", FaultKind.FOLLOWER: "roots", FaultKind.LOST_REF: "refs/heads/main"}
    kinds = set(FaultKind) - {FaultKind.OPEN_RUN}
    stale = [Fault(kind, RepoId(world.repo_id), "", "", "", subjects.get(kind, "")) for kind in kinds]
    assert [await repair(database, fault, TIMEOUT, FOLLOWERS) for fault in stale] == [False] * len(stale)
    assert await scalar(database, "SELECT count(*) FROM audit_logs WHERE action = 'repo:repaired'") == 0
    assert await scalar(database, "SELECT count(*) FROM commits") == 3


async def test_orphaned_commits_and_runs_are_counted_and_deleted(pushed: Api, database: Database) -> None:
    await execute(database, "UPDATE commits SET repo_id = '00000000-0000-4000-8000-000000000000'")
    await execute(database, "UPDATE sync_runs SET repo_id = '00000000-0000-4000-8000-000000000000'")
    faults = await find_faults(database, TIMEOUT, FOLLOWERS)
    orphans = next(fault for fault in faults if fault.kind is FaultKind.ORPHANS)
    assert orphans.found == "3 commits, 1 runs"
    for fault in faults:
        await repair(database, fault, TIMEOUT, FOLLOWERS)
    assert await find_faults(database, TIMEOUT, FOLLOWERS) == []
    assert await scalar(database, "SELECT count(*) FROM commits") == 0


async def test_removed_commits_that_the_log_tells_of_are_no_fault(
    pushed: Api, world: World, database: Database
) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("DELETE FROM repo_refs"))
        await tx.execute(text("DELETE FROM commits"))
        await tx.execute(text("UPDATE repo_states SET total_commits = 0, last_ingested_sha = NULL"))
        await log_change(tx, RepoId(world.repo_id), IngestKind.REMOVED)
    assert await find_faults(database, TIMEOUT, FOLLOWERS) == []


async def test_a_log_that_announces_too_little_is_put_right_for_every_moment(
    pushed: Api, world: World, database: Database
) -> None:
    await pushed.post(f"{world.sync_path}/commits", batch(*numbered(5)))
    await execute(database, "DELETE FROM ingest_log WHERE kind = 'stored'")
    (fault,) = await find_faults(database, TIMEOUT, FOLLOWERS)
    assert (fault.kind, fault.found) == (FaultKind.LOG, "2 moments differ")
    assert await repair(database, fault, TIMEOUT, FOLLOWERS)
    assert await find_faults(database, TIMEOUT, FOLLOWERS) == []
    assert await scalar(database, "SELECT array_agg(inserted ORDER BY seq) FROM ingest_log") == [0, 3, 2, 0]


async def test_counters_stay_exact_when_they_are_repaired_under_pushes(
    api: Api, world: World, database: Database
) -> None:
    async def push(start: int) -> None:
        for first in range(start, start + 400, 20):
            answer = await api.post(f"{world.sync_path}/commits", batch(*numbered(20, first)))
            assert answer.status == 201

    pushing = asyncio.gather(*(push(start) for start in (0, 200, 1000, 1200)))
    repaired = 0
    while not pushing.done():
        await execute(database, "UPDATE repo_states SET total_commits = total_commits + 1000")
        for fault in await find_faults(database, TIMEOUT, FOLLOWERS):
            repaired += await repair(database, fault, TIMEOUT, FOLLOWERS)
    await pushing
    assert repaired > 1
    assert await find_faults(database, TIMEOUT, FOLLOWERS) == []
    assert await scalar(database, "SELECT total_commits FROM repo_states") == 1200


async def test_the_command_prints_what_is_wrong_and_exits_with_1_until_it_is_repaired(
    pushed: Api, world: World, database: Database, database_url: str
) -> None:
    assert tgl_server("verify", DATABASE_URL=database_url).code == 0
    await execute(database, BREAK[FaultKind.COUNTER])
    found = tgl_server("verify", DATABASE_URL=database_url)
    assert found.code == 1
    assert found.out.splitlines()[1].split() == [f"{world.project}/{world.repo}", "counter", "-", "10", "3"]
    fixed = tgl_server("verify", "--fix", DATABASE_URL=database_url)
    assert fixed.code == 0
    assert fixed.out.splitlines()[1].endswith("repaired")
    assert tgl_server("verify", DATABASE_URL=database_url).code == 0
