"""Switching a repository's method: what ends, what stays, and what becomes of its credentials."""

import asyncio
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.commits import batch, numbered
from tests.support.database import audited, count, execute, rows, until_locks_wait
from tests.support.migration import PULL, PUSH, dump, set_method, store_token, switch
from tests.support.pulls import Hanging, ask, claimed, pull, queue_row, run_of, state_of, tips
from tests.support.waiting import until
from tests.support.world import World
from tgl_history import open_repository
from tgl_protocol.http import RUN_ID_HEADER
from tgl_protocol.migration import CredentialFate
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.errors import NotFound
from tgl_server.ingest.push import push_commits
from tgl_server.ingest.refusals import LeaseLost
from tgl_server.migration.service import PULLED_NOW, plan_switch, switch_method
from tgl_server.pull import queue
from tgl_server.pull.pulling import Pull
from tgl_server.remotes import policy_of
from tgl_server.settings import Settings


async def test_commits_tips_and_schedule_stay_and_nothing_is_stored_twice(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    await execute(database, "INSERT INTO repo_pulls (repo_id, cron) VALUES (:id, '0 * * * *')", id=repo)
    await pull(database, settings, repo)
    before = await tips(database)
    assert (await switch(database, settings, repo, PUSH)).changes
    assert (await count(database, "commits"), await tips(database)) == (3, before)
    (warning,) = (await switch(database, settings, repo, PULL)).warnings
    assert warning.startswith("no credentials are stored: they are deleted when a repository moves to push")
    again = await pull(database, settings, repo)
    assert (again["state"], again["inserted"], await count(database, "commits")) == ("done", 0, 3)
    assert (await queue_row(database)).cron == "0 * * * *"


async def test_a_pull_that_runs_has_lost_its_lease_and_its_run_is_cancelled(
    database: Database, settings: Settings, world: World, repo: RepoId, hanging: Hanging
) -> None:
    run_id = await ask(database, repo)
    pulling = asyncio.create_task(Pull(database, settings, await claimed(database, repo), renew_seconds=0.05).run())
    await until(lambda: hanging.is_asked)
    waiting = await ask(database, repo)
    switched = await switch(database, settings, repo, PUSH)
    assert switched.ended_runs == [run_id, waiting]
    await pulling
    for id_ in (run_id, waiting):
        run = await run_of(database, id_)
        assert (run["state"], run["error_message"]) == ("cancelled", queue.PUSHED_NOW)
    row = await queue_row(database)
    assert (row.lease_token, row.run_id, row.requested_run_id, row.attempts) == (None, None, None, 0)
    assert (await state_of(database, world), await count(database, "commits")) == (("pending", None), 0)


async def test_a_batch_that_waited_for_the_switch_is_rolled_back(
    database: Database, settings: Settings, repo: RepoId, source: Path
) -> None:
    await ask(database, repo)
    lease = await claimed(database, repo)
    with open_repository(source) as history:
        commits = list(history.commits(history.walk(history.tips().values()).shas))
    async with database.transaction() as tx:
        await switch_method(tx, policy_of(settings), repo, PUSH, Actor())
        # It reads the lease of before, and waits for the repository's state.
        storing = asyncio.create_task(push_commits(database, lease.push, commits, slow_ms=10_000))
        await until_locks_wait(database, 1)
    with pytest.raises(LeaseLost):
        await storing
    assert ((await run_of(database, lease.run_id))["state"], await count(database, "commits")) == ("cancelled", 0)


async def test_credentials_are_deleted_unless_they_are_kept(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    await store_token(database, settings, repo)
    assert (await switch(database, settings, repo, PUSH, keep_credentials=True)).credentials is CredentialFate.KEPT
    assert await count(database, "repo_credentials") == 1
    back = await switch(database, settings, repo, PULL)
    assert (back.credentials, [word for word in back.warnings if "credentials" in word]) == (CredentialFate.KEPT, [])
    assert (await switch(database, settings, repo, PUSH)).credentials is CredentialFate.DELETED
    assert await count(database, "repo_credentials") == 0
    assert (await switch(database, settings, repo, PULL)).credentials is CredentialFate.NONE
    (entry,) = await audited(database, "credentials:deleted")
    first, second = await audited(database, "repo:migrated_to_push")
    assert (entry.outcome, first.details["credentials"], second.details["credentials"]) == (
        "success",
        "kept",
        "deleted",
    )


async def test_a_push_that_runs_is_ended_when_the_server_pulls(
    api: Api, database: Database, settings: Settings, world: World
) -> None:
    await api.post(f"{world.sync_path}/commits", batch(*numbered(2)))
    path, run_id = f"{world.sync_path}/commits", "019c2f6e-8f5e-7071-b283-4e5f60718293"
    begun = await api.request("POST", path, json=batch(*numbered(3)), headers={RUN_ID_HEADER: run_id})
    assert begun.status == 201, begun.body
    switched = await switch(database, settings, world.repo_id, PULL)
    (ended,) = switched.ended_runs
    run = await run_of(database, ended)
    assert (run["state"], run["error_message"]) == ("cancelled", PULLED_NOW)
    assert await state_of(database, world) == ("healthy", None)
    answer = await api.post(f"{world.sync_path}/commits", batch(*numbered(1)))
    assert (answer.status, answer.json["code"]) == (400, "not_a_push_repository")


async def test_a_pause_ends_with_the_method(database: Database, settings: Settings, repo: RepoId) -> None:
    paused = "INSERT INTO repo_pulls (repo_id, paused_at, paused_reason, refusals) VALUES (:id, now(), 'refused', 5)"
    await execute(database, paused, id=repo)
    await switch(database, settings, repo, PUSH)
    await switch(database, settings, repo, PULL)
    row = await queue_row(database)
    assert (row.paused_at, row.paused_reason, row.refusals) == (None, None, 0)


async def test_rolling_back_says_what_is_missing(database: Database, settings: Settings, world: World) -> None:
    async with database.statements() as connection:
        plan = await plan_switch(connection, RepoId(world.repo_id), PULL)
    assert [warning.partition(",")[0].partition(":")[0] for warning in plan.warnings] == [
        "it has no git_url",
        "it has no schedule",
        "no credentials are stored",
    ]


async def test_a_plan_changes_no_byte(database: Database, settings: Settings, repo: RepoId) -> None:
    await store_token(database, settings, repo)
    run_id = await ask(database, repo)
    before = await dump(database)
    async with database.statements() as connection:
        plan = await plan_switch(connection, repo, PUSH)
    assert (plan.changes, plan.dry_run, plan.credentials, plan.ended_runs) == (
        True,
        True,
        CredentialFate.DELETED,
        [run_id],
    )
    assert await dump(database) == before


async def test_the_same_method_again_changes_nothing(database: Database, settings: Settings, repo: RepoId) -> None:
    await store_token(database, settings, repo)
    await ask(database, repo)
    before = await dump(database)
    again = await switch(database, settings, repo, PULL)
    assert (again.changes, again.ended_runs, again.credentials) == (False, [], CredentialFate.KEPT)
    assert await dump(database) == before


async def test_a_repository_that_was_deleted_meanwhile_is_not_moved(
    database: Database, settings: Settings, world: World
) -> None:
    await execute(database, "DELETE FROM repos WHERE id = :id", id=world.repo_id)
    with pytest.raises(NotFound):
        await switch(database, settings, world.repo_id, PULL)


async def test_two_switches_at_once_end_in_one_of_the_methods(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    await ask(database, repo)
    await asyncio.gather(*(switch(database, settings, repo, to) for to in (PUSH, PULL, PUSH, PULL)))
    assert len(await rows(database, "SELECT 1 FROM sync_runs WHERE state = 'cancelled'")) == 1
    await set_method(database, PULL)
    assert (await pull(database, settings, repo))["state"] == "done"
