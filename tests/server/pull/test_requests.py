"""What people do about pulls: ask, cancel, set a schedule."""

from datetime import timedelta

import pytest

from tests.server.ingest.test_push_without_http import decoded
from tests.support.database import audited, execute, scalar
from tests.support.pulls import (
    ask,
    ask_after_push,
    cancel,
    claim,
    claimed,
    done,
    let_pull,
    lose_worker,
    renew,
    run_of,
    state_of,
    tick,
)
from tests.support.world import World
from tgl_protocol.pulls import PullSchedule
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.credentials.errors import NoRemote
from tgl_server.db.engine import Database
from tgl_server.ingest.push import push_commits
from tgl_server.ingest.refusals import LeaseLost
from tgl_server.pull import queue
from tgl_server.pull.errors import WrongSyncMethod
from tgl_server.pull.models import Cause
from tgl_server.pull.queue import Ending, Sign
from tgl_server.pull.service import pull_info, set_schedule


async def test_who_asks_twice_is_pulled_once_and_who_asks_during_a_pull_once_more(
    database: Database, world: World
) -> None:
    repo_id = await let_pull(database, world)
    asked = await ask(database, repo_id, Actor(world.user_id))
    assert await ask(database, repo_id) == asked
    run = await run_of(database, asked)
    assert (run["state"], run["phase"], run["user_id"]) == ("queued", "queued", world.user_id)
    assert (await state_of(database, world))[0] == "pending"
    lease = await claimed(database, repo_id)
    assert (lease.run_id, lease.cause, lease.user_id) == (asked, "request", world.user_id)
    later = await ask(database, repo_id)
    assert later != asked
    assert await done(database, lease)
    again = await claimed(database, repo_id)
    assert (again.run_id, again.user_id) == (later, None)
    assert await done(database, again)
    assert await claim(database, repo_id) is None
    (entry, _) = await audited(database, "repo:pull_requested")
    assert (entry.details, entry.actor_user_id) == ({"run_id": str(asked)}, world.user_id)


async def test_a_batch_of_a_pull_is_told_to_the_audit_log_with_who_asked_and_why(
    database: Database, world: World
) -> None:
    repo_id = await let_pull(database, world)
    await ask(database, repo_id, Actor(world.user_id))
    lease = await claimed(database, repo_id)
    await push_commits(database, lease.push, [decoded("a")], client_version=queue.CLIENT_VERSION, slow_ms=10_000)
    (entry,) = await audited(database, "sync:started")
    assert (entry.actor_user_id, entry.details["by"]) == (world.user_id, "request")


async def test_a_pull_that_waits_is_cancelled_at_once_and_one_that_runs_is_told(
    database: Database, world: World
) -> None:
    repo_id = await let_pull(database, world)
    asked = await ask(database, repo_id)
    await cancel(database, repo_id)
    run = await run_of(database, asked)
    assert (run["state"], run["error_message"]) == ("cancelled", queue.CANCELLED)
    assert (await tick(database), await state_of(database, world)) == ([], ("pending", None))
    await ask(database, repo_id)
    lease = await claimed(database, repo_id)
    await cancel(database, repo_id)
    assert await renew(database, lease) is Sign.CANCELLED
    assert [entry.details["was_running"] for entry in await audited(database, "repo:pull_cancelled")] == [False, True]


async def test_a_worker_that_wakes_up_late_does_not_go_on_with_what_was_cancelled(
    database: Database, world: World
) -> None:
    repo_id = await let_pull(database, world)
    await ask(database, repo_id)
    late = await claimed(database, repo_id)
    await lose_worker(database)
    await cancel(database, repo_id)
    assert await renew(database, late) is Sign.LOST
    with pytest.raises(LeaseLost):
        await push_commits(database, late.push, [decoded("a")], slow_ms=10_000)
    assert not await done(database, late)
    assert (await run_of(database, late.run_id))["state"] == "cancelled"


async def test_nothing_to_cancel_is_no_act(database: Database, world: World) -> None:
    repo_id = await let_pull(database, world)
    await cancel(database, repo_id)
    assert await audited(database, "repo:pull_cancelled") == []


async def test_one_that_was_given_back_is_cancelled_until_its_next_moment(database: Database, due: RepoId) -> None:
    lease = await claimed(database, due)
    async with database.transaction() as tx:
        await queue.give_back(tx, lease)
    await cancel(database, due)
    assert (await run_of(database, lease.run_id))["state"] == "cancelled"
    assert await tick(database) == []
    assert await scalar(database, "SELECT next_due_at > now() FROM repo_pulls")


async def test_what_waits_for_a_repository_that_is_pushed_to_by_now_is_cancelled(
    database: Database, world: World
) -> None:
    repo_id = await let_pull(database, world)
    asked = await ask(database, repo_id)
    await execute(database, "UPDATE repos SET sync_method = 'push_client'")
    async with database.transaction() as tx:
        assert (await queue.drop_unpulled(tx), await queue.drop_unpulled(tx)) == (1, 0)
    run = await run_of(database, asked)
    assert (run["state"], run["error_message"]) == ("cancelled", queue.PUSHED_NOW)


async def test_a_request_ends_a_pause_for_good(database: Database, due: RepoId) -> None:
    lease = await claimed(database, due)
    assert await done(database, lease, Ending(refusals=5, paused_reason="refused"))
    await ask(database, due)
    async with database.statements() as connection:
        assert (await pull_info(connection, due)).paused_at is None


async def test_a_schedule_that_is_set_during_a_pull_outlives_it(database: Database, due: RepoId, world: World) -> None:
    lease = await claimed(database, due)
    async with database.transaction() as tx:
        await set_schedule(tx, due, PullSchedule(cron="0 3 * * *", timezone="Europe/Paris"), Actor(world.user_id))
    moment = await scalar(database, "SELECT next_due_at FROM repo_pulls")
    assert await done(database, lease, Ending(next_due_at=moment - timedelta(minutes=1)))
    assert await scalar(database, "SELECT next_due_at FROM repo_pulls") == moment
    (entry,) = await audited(database, "repo:pull_scheduled")
    assert entry.details["changed"]["timezone"] == {"from": "UTC", "to": "Europe/Paris"}


async def test_a_repository_that_is_pushed_to_or_has_no_address_is_not_pulled(database: Database, world: World) -> None:
    with pytest.raises(WrongSyncMethod):
        await ask(database, RepoId(world.repo_id))
    with pytest.raises(NoRemote):
        await ask(database, await let_pull(database, world, url=None))


async def test_pulls_that_webhooks_ask_for_begin_thirty_seconds_apart_and_none_is_lost(
    database: Database, world: World
) -> None:
    repo_id = await let_pull(database, world)
    first = await ask_after_push(database, repo_id)
    lease = await claimed(database, repo_id)
    assert (lease.run_id, lease.cause, lease.user_id) == (first, Cause.WEBHOOK, None)
    assert await done(database, lease)
    later = await ask_after_push(database, repo_id)
    assert (await ask_after_push(database, repo_id), await claim(database, repo_id)) == (later, None)
    assert await scalar(database, "SELECT requested_at - began_at FROM repo_pulls") == timedelta(seconds=30)
    await execute(database, "UPDATE repo_pulls SET requested_at = requested_at - interval '30 seconds'")
    assert await tick(database) == [repo_id]
    assert (await claimed(database, repo_id)).run_id == later
    entries = await audited(database, "repo:pull_requested")
    assert [entry.details for entry in entries] == [{"run_id": str(run), "by": "webhook"} for run in (first, later)]


async def test_a_person_who_asks_does_not_wait_for_what_a_webhook_asked_for(database: Database, world: World) -> None:
    repo_id = await let_pull(database, world)
    await ask_after_push(database, repo_id)
    assert await done(database, await claimed(database, repo_id))
    waiting = await ask_after_push(database, repo_id)
    assert await ask(database, repo_id, Actor(world.user_id)) == waiting
    assert (await claimed(database, repo_id)).run_id == waiting


async def test_a_webhook_ends_no_pause_unless_the_address_is_another(database: Database, due: RepoId) -> None:
    lease = await claimed(database, due)
    assert await done(database, lease, Ending(refusals=5, paused_reason="refused"))
    assert await ask_after_push(database, due) is None
    assert await tick(database) == []
    await execute(database, "UPDATE repos SET git_url = 'https://git.example.com/elsewhere.git'")
    assert await ask_after_push(database, due) is not None
