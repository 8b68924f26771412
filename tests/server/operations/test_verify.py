"""`tgl-server verify`: each thing is broken on purpose, found, and repaired."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.api import Api
from tests.commits import batch, numbered, sha_of
from tests.server.operations.waiting import execute, scalar
from tests.world import World
from tgl_server.db.engine import Database
from tgl_server.projects.models import RepoId
from tgl_server.verify.service import Fault, FaultKind, find_faults, repair

TIMEOUT = timedelta(minutes=15)
RUN = {"TGL-Run-Id": "0198c0de-0000-7000-8000-000000000001"}

BREAK: dict[FaultKind, str] = {
    FaultKind.COUNTER: "UPDATE repos SET total_commits = total_commits + 7",
    FaultKind.LAST_SHA: "UPDATE repos SET last_ingested_sha = decode(repeat('ab', 20), 'hex')",
    FaultKind.ORPHANS: "INSERT INTO repo_refs (repo_id, name, sha) VALUES (gen_random_uuid(), 'x', '\\xab')",
    FaultKind.LOST_REF: "UPDATE repo_refs SET sha = decode(repeat('ab', 20), 'hex')",
    FaultKind.OPEN_RUN: "UPDATE sync_runs SET state = 'running', last_batch_at = now() - interval '1 day'",
}


@pytest.fixture
async def pushed(api: Api, world: World) -> Api:
    """A repository of three commits, with a tip and a finished run."""
    await api.post(f"{world.sync_path}/commits", batch(*numbered(3)), headers=RUN)
    await api.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/main": sha_of(2)}}, headers=RUN)
    return api


async def test_nothing_is_found_after_ordinary_pushes(pushed: Api, database: Database) -> None:
    assert await find_faults(database, TIMEOUT) == []


@pytest.mark.parametrize("kind", FaultKind)
async def test_a_fault_is_found_repaired_and_in_the_audit_log(kind: FaultKind, pushed: Api, database: Database) -> None:
    await execute(database, BREAK[kind])
    (fault,) = await find_faults(database, TIMEOUT)
    assert fault.kind is kind
    assert await repair(database, fault, TIMEOUT)
    assert await find_faults(database, TIMEOUT) == []
    assert await scalar(database, "SELECT details->>'fault' FROM audit_logs WHERE action = 'repo:repaired'") == kind


async def test_repairing_restores_what_pushes_had_written(pushed: Api, world: World, database: Database) -> None:
    before = (await pushed.get(f"{world.sync_path}/status")).json
    await execute(database, BREAK[FaultKind.COUNTER])
    await execute(database, "UPDATE repos SET last_ingested_sha = NULL")
    for fault in await find_faults(database, TIMEOUT):
        await repair(database, fault, TIMEOUT)
    after = (await pushed.get(f"{world.sync_path}/status")).json
    assert after["total_commits"] == before["total_commits"] == 3
    assert after["last_ingested_sha"] in {sha_of(n) for n in range(3)}


async def test_what_is_right_by_now_is_left_alone(pushed: Api, world: World, database: Database) -> None:
    kinds = set(FaultKind) - {FaultKind.OPEN_RUN}
    stale = [Fault(kind, RepoId(world.repo_id), "", "", "", "refs/heads/main") for kind in kinds]
    assert [await repair(database, fault, TIMEOUT) for fault in stale] == [False] * len(stale)
    assert await scalar(database, "SELECT count(*) FROM audit_logs WHERE action = 'repo:repaired'") == 0
    assert await scalar(database, "SELECT count(*) FROM commits") == 3


async def test_orphaned_commits_and_runs_are_counted_and_deleted(pushed: Api, database: Database) -> None:
    await execute(database, "UPDATE commits SET repo_id = '00000000-0000-4000-8000-000000000000'")
    await execute(database, "UPDATE sync_runs SET repo_id = '00000000-0000-4000-8000-000000000000'")
    faults = await find_faults(database, TIMEOUT)
    orphans = next(fault for fault in faults if fault.kind is FaultKind.ORPHANS)
    assert orphans.found == "3 commits, 1 runs"
    for fault in faults:
        await repair(database, fault, TIMEOUT)
    assert await find_faults(database, TIMEOUT) == []
    assert await scalar(database, "SELECT count(*) FROM commits") == 0


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
        await execute(database, "UPDATE repos SET total_commits = total_commits + 1000")
        for fault in await find_faults(database, TIMEOUT):
            repaired += await repair(database, fault, TIMEOUT)
    await pushing
    assert repaired > 1
    assert await find_faults(database, TIMEOUT) == []
    assert await scalar(database, "SELECT total_commits FROM repos") == 1200


async def test_the_command_prints_what_is_wrong_and_exits_with_1_until_it_is_repaired(
    pushed: Api, world: World, database: Database, database_url: str
) -> None:
    assert _verify(database_url).returncode == 0
    await execute(database, BREAK[FaultKind.COUNTER])
    found = _verify(database_url)
    assert found.returncode == 1
    assert found.stdout.splitlines()[1].split() == [f"{world.project}/{world.repo}", "counter", "-", "10", "3"]
    fixed = _verify(database_url, "--fix")
    assert fixed.returncode == 0
    assert fixed.stdout.splitlines()[1].endswith("repaired")
    assert _verify(database_url).returncode == 0


def _verify(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tgl_server", "verify", *arguments],
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
