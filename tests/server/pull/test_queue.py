"""The queue of pulls: one worker at a time has a repository, whoever is killed, cancelled or late."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.server.ingest.test_push_without_http import decoded
from tests.support.bouncer import pgbouncer
from tests.support.database import count, execute, rows_of_repo, scalar
from tests.support.databases import opened
from tests.support.pulls import (
    claim,
    claimed,
    done,
    let_pull,
    lose_worker,
    make_due,
    renew,
    run_of,
    state_of,
    tick,
)
from tests.support.world import World, add_world
from tgl_protocol.commits import RunPhase
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.ingest.push import push_commits
from tgl_server.ingest.refusals import LeaseLost
from tgl_server.ingest.sweep import sweep
from tgl_server.projects.service import delete_repo
from tgl_server.pull import queue
from tgl_server.pull.queue import Ending, Sign
from tgl_server.pull.service import pull_info


@pytest.fixture(params=["direct", "pgbouncer"])
async def connected(
    request: pytest.FixtureRequest, database: Database, postgres: EmbeddedPostgres
) -> AsyncIterator[Database]:
    """The database, and the same through PgBouncer, where every transaction may meet another connection."""
    if request.param == "direct":
        yield database
        return
    with pgbouncer(postgres) as url:
        async with opened(f"{url}?pgbouncer=true") as pooled:
            yield pooled


async def test_a_pull_from_its_tick_to_its_end(connected: Database, due: RepoId, world: World) -> None:
    assert await tick(connected) == [due]
    assert await tick(connected) == []
    lease = await claimed(connected, due)
    assert (lease.cause, lease.attempts, lease.cron) == ("schedule", 1, "*/5 * * * *")
    assert (await state_of(connected, world))[0] == "syncing"
    assert await claim(connected, due) is None
    assert await renew(connected, lease) is Sign.GO_ON
    run = await run_of(connected, lease.run_id)
    assert (run["state"], run["source"], run["phase"], run["user_id"]) == ("running", "pull", "walking", None)
    await push_commits(connected, lease.push, [decoded("a")], slow_ms=10_000)
    moment = await scalar(connected, "SELECT now() + interval '5 minutes'")
    assert await done(connected, lease, Ending(next_due_at=moment, mirror_host="here", mirror_bytes=7))
    assert (await tick(connected), await claim(connected, due)) == ([], None)
    async with connected.statements() as connection:
        info = await pull_info(connection, due)
    assert (info.next_due_at, info.mirror_bytes, info.is_running, info.running_run_id) == (moment, 7, False, None)
    assert not await done(connected, lease)


async def test_what_was_handed_out_and_not_claimed_is_handed_out_again_later(database: Database, due: RepoId) -> None:
    assert (await tick(database), await tick(database)) == ([due], [])
    await execute(database, "UPDATE repo_pulls SET queued_at = now() - interval '31 seconds'")
    assert await tick(database) == [due]


async def test_the_next_claim_goes_on_with_the_run_of_a_worker_that_was_killed(database: Database, due: RepoId) -> None:
    first = await claimed(database, due)
    await push_commits(database, first.push, [decoded("a")], slow_ms=10_000)
    assert await tick(database) == []
    await lose_worker(database)
    assert await tick(database) == [due]
    second = await claimed(database, due)
    assert (second.run_id, second.attempts) == (first.run_id, 2)
    assert await renew(database, first) is Sign.LOST
    with pytest.raises(LeaseLost):
        await push_commits(database, first.push, [decoded("b")], slow_ms=10_000)
    assert not await done(database, first)
    assert await count(database, "commits") == 1
    assert (await run_of(database, first.run_id))["batches"] == 1


async def test_a_lost_worker_counts_nothing_although_nobody_took_its_place_as_soon_as_clients_push(
    database: Database, due: RepoId
) -> None:
    lease = await claimed(database, due)
    await execute(database, "UPDATE repos SET sync_method = 'push_client'")
    assert await renew(database, lease) is Sign.PUSHED_NOW
    with pytest.raises(LeaseLost):
        await push_commits(database, lease.push, [decoded("a")], slow_ms=10_000)
    assert (await count(database, "commits"), await tick(database)) == (0, [])


async def test_two_workers_never_have_the_same_of_ten_repositories(database: Database, database_url: str) -> None:
    repos = []
    for number in range(10):
        repos.append(await let_pull(database, await add_world(database, project=f"p{number}")))
        await make_due(database, repos[-1])

    async def work(own: Database, owner: str) -> list[RepoId]:
        return [repo_id for repo_id in repos if await claim(own, repo_id, owner) is not None]

    async with opened(database_url) as other:
        first, second = await asyncio.gather(work(database, "first"), work(other, "second"))
        handed = await asyncio.gather(tick(database), tick(other))
    assert sorted(first + second) == sorted(repos)
    assert [len(some) for some in handed] == [0, 0]
    assert await scalar(database, "SELECT count(DISTINCT lease_token) FROM repo_pulls") == 10


async def test_two_ticks_hand_nothing_out_twice(database: Database, database_url: str) -> None:
    for number in range(10):
        await make_due(database, await let_pull(database, await add_world(database, project=f"p{number}")))
    async with opened(database_url) as other:
        handed = await asyncio.gather(*(tick(own, 3) for own in (database, other, database, other)))
    found = [repo_id for some in handed for repo_id in some]
    assert len(found) == len(set(found)) == 10


async def test_what_a_worker_gives_back_waits_as_before_for_any_other(
    database: Database, due: RepoId, world: World
) -> None:
    lease = await claimed(database, due)
    async with database.transaction() as tx:
        await queue.give_back(tx, lease)
    assert (await run_of(database, lease.run_id))["state"] == "queued"
    assert await state_of(database, world) == ("pending", None)
    assert await tick(database) == [due]
    again = await claimed(database, due)
    assert (again.run_id, again.attempts, again.cause) == (lease.run_id, 1, "schedule")


async def test_a_repository_that_failed_before_is_failing_again_after_a_pull_that_was_given_back(
    database: Database, due: RepoId, world: World
) -> None:
    await execute(database, "UPDATE repo_states SET sync_status = 'error', last_error = 'no', last_error_at = now()")
    lease = await claimed(database, due)
    async with database.transaction() as tx:
        await queue.give_back(tx, lease)
    assert await state_of(database, world) == ("error", "no")


@pytest.mark.parametrize(
    "wake",
    [
        "UPDATE repos SET git_url = 'https://git.example.com/other.git'",
        "UPDATE repo_pulls SET requested_run_id = gen_random_uuid()",
    ],
)
async def test_a_pause_ends_with_another_address_or_when_somebody_asks(
    database: Database, due: RepoId, wake: str
) -> None:
    lease = await claimed(database, due)
    moment = await scalar(database, "SELECT now() - interval '1 second'")
    assert await done(database, lease, Ending(next_due_at=moment, refusals=5, paused_reason="refused"))
    assert await tick(database) == []
    async with database.statements() as connection:
        assert (await pull_info(connection, due)).paused_reason == "refused"
    await execute(database, wake)
    assert await tick(database) == [due]


@pytest.mark.parametrize(
    "remedy",
    [
        "INSERT INTO repo_credentials (repo_id, kind, username, origin, sealed) VALUES (:id, 'ssh_key', 'u', 'o', 'f')",
        "INSERT INTO repo_host_keys (repo_id, origin, public_key) VALUES (:id, 'ssh://a', 'ssh-ed25519 x')",
    ],
)
async def test_what_is_stored_while_the_last_pull_before_a_pause_runs_ends_it(
    database: Database, due: RepoId, remedy: str
) -> None:
    lease = await claimed(database, due)
    await execute(database, remedy, id=due)
    moment = await scalar(database, "SELECT now() - interval '1 second'")
    assert await done(database, lease, Ending(next_due_at=moment, refusals=5, paused_reason="refused"))
    again = await claimed(database, due)
    assert await done(database, again, Ending(next_due_at=moment, refusals=6, paused_reason="refused"))
    assert await claim(database, due) is None


async def test_a_pull_that_ends_after_clients_push_does_not_take_their_tips(database: Database, due: RepoId) -> None:
    lease = await claimed(database, due)
    await execute(database, "UPDATE repos SET sync_method = 'push_client'")
    assert not await done(database, lease, Ending(mirror_host="here", mirror_bytes=7))
    assert await done(database, lease)


async def test_a_pull_that_is_renewed_is_not_swept_as_abandoned(database: Database, due: RepoId) -> None:
    lease = await claimed(database, due)
    long_ago = "now() - interval '16 minutes'"
    await execute(database, f"UPDATE sync_runs SET last_batch_at = {long_ago}")
    await execute(database, f"UPDATE repo_states SET last_attempt_at = {long_ago}")
    assert await renew(database, lease, RunPhase.FETCHING) is Sign.GO_ON
    assert await sweep(database, timedelta(minutes=15)) == 0
    assert (await run_of(database, lease.run_id))["state"] == "running"


async def test_a_deleted_repository_leaves_no_pull_behind_and_its_worker_notices(
    database: Database, due: RepoId
) -> None:
    lease = await claimed(database, due)
    async with database.transaction() as tx:
        await delete_repo(tx, due, Actor(), FOLLOWERS)
    assert await renew(database, lease) is Sign.LOST
    with pytest.raises(LeaseLost):
        await push_commits(database, lease.push, [decoded("a")], slow_ms=10_000)
    assert set((await rows_of_repo(database, str(due))).values()) == {0}


async def test_a_deletion_waits_for_a_worker_that_counts_and_neither_deadlocks(database: Database, due: RepoId) -> None:
    lease = await claimed(database, due)

    async def keep_renewing() -> None:
        while await renew(database, lease) is Sign.GO_ON:  # noqa: ASYNC110 -- it ends with the repository
            await asyncio.sleep(0)

    renewing = asyncio.create_task(keep_renewing())
    async with database.transaction() as tx:
        await delete_repo(tx, due, Actor(), FOLLOWERS)
    await renewing
    assert await count(database, "repo_pulls") == 0
