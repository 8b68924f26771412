"""What changes something records an event in the same transaction; numbers follow the order of the COMMITs."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered, sha_of
from tests.support.database import count, execute, rows, scalar
from tests.support.people import PASSWORD, People, make_project, make_repo, register
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World
from tgl_protocol.events import AccountEvent, EventType
from tgl_server.access.ids import RepoId
from tgl_server.api_keys.key_events import tell_expiry
from tgl_server.db.engine import Database
from tgl_server.events.relay import forget_events, relay
from tgl_server.events.service import events_after, record_event, take_events
from tgl_server.ingest.sweep import sweep
from tgl_server.remote_tips.service import record_tips

TIMEOUT = timedelta(minutes=15)


async def told(database: Database, *types: str) -> list[Any]:
    """The events of these types that are committed, in the order of their inserts; of all types without any."""
    found = await rows(database, "SELECT * FROM events ORDER BY recorded")
    return [event for event in found if not types or event.type in types]


async def types_told(database: Database) -> list[str]:
    return [event.type for event in await told(database) if event.repo_id is not None]


@pytest.fixture
def path(world: World) -> str:
    return f"{world.sync_path}/commits"


async def test_a_run_tells_of_its_end_and_of_its_commits_once(
    api: Api, path: str, world: World, database: Database
) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    await api.post(path, batch(*numbered(3)), headers=run)
    await api.post(path, batch(*numbered(3, start=2)), headers=run)
    assert await types_told(database) == []
    for _ in range(2):
        await api.put(f"{world.sync_path}/refs", {"refs": {}}, headers=run)
    finished, stored = [event for event in await told(database) if event.repo_id]
    assert (finished.type, stored.type) == ("run.finished", "commits.stored")
    assert (finished.project_id, finished.repo_id) == (world.project_id, world.repo_id)
    counts = {name: finished.data[name] for name in ("total", "inserted", "skipped", "errors", "error", "source")}
    assert counts == {"total": 6, "inserted": 5, "skipped": 1, "errors": 0, "error": None, "source": "push"}
    ends = {"first_sha": sha_of(0), "last_sha": sha_of(4)}
    assert stored.data == {"run_id": run["TGL-Run-Id"], "count": 5, **ends}


async def test_a_batch_without_a_run_is_told_and_nothing_new_stores_nothing(
    api: Api, path: str, database: Database
) -> None:
    for _ in range(2):
        await api.post(path, batch(commit("one")))
    assert await types_told(database) == ["run.finished", "commits.stored", "run.finished"]


async def test_a_refused_batch_is_told_once_a_run_without_what_it_held(api: Api, path: str, database: Database) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    for _ in range(2):
        await api.post(path, batch(commit("one", sha="nonsense")), headers=run)
    (failed,) = await told(database, "run.failed")
    assert "1 of 1 commits" in failed.data["error"]
    assert "nonsense" not in str(failed.data)


async def test_an_event_of_a_transaction_that_is_rolled_back_is_none(world: World, database: Database) -> None:
    async with database.transaction() as tx:
        await record_event(tx, EventType.ACCOUNT_PENDING, AccountEvent(user_id=world.user_id))
        await tx.rollback()
    assert await told(database, "account.pending") == []


async def test_trouble_is_told_once_and_its_end_once_also_by_two_sweeps(world: World, database: Database) -> None:
    await execute(
        database,
        "UPDATE repos SET expected_cadence = interval '1 day'",
        "UPDATE repo_states SET last_success_at = now() - interval '2 days', sync_status = 'error', "
        "error_message = 'the disk is full'",
    )
    for _ in range(2):
        await asyncio.gather(sweep(database, TIMEOUT), sweep(database, TIMEOUT))
    failing, stale = [event for event in await told(database) if event.repo_id]
    assert (failing.type, failing.data["error"]) == ("repo.failing", "the disk is full")
    assert (stale.type, stale.data["cadence_seconds"], stale.data["error"]) == ("repo.stale", 86400, None)
    await execute(database, "UPDATE repo_states SET sync_status = 'syncing'")
    await sweep(database, TIMEOUT)
    assert await told(database, "repo.recovered") == []
    await execute(database, "UPDATE repo_states SET sync_status = 'healthy', last_success_at = now()")
    for _ in range(2):
        await asyncio.gather(sweep(database, TIMEOUT), sweep(database, TIMEOUT))
    (recovered,) = await told(database, "repo.recovered")
    assert recovered.data["troubles"] == ["failing", "stale"]
    assert (recovered.project_id, await count(database, "repo_troubles")) == (world.project_id, 0)


async def test_a_new_repository_has_its_first_cadence_to_begin(world: World, database: Database) -> None:
    await execute(database, "UPDATE repos SET expected_cadence = interval '1 day'")
    await sweep(database, TIMEOUT)
    assert await told(database, "repo.stale") == []
    await execute(database, "UPDATE repos SET created_at = now() - interval '25 hours'")
    await sweep(database, TIMEOUT)
    assert len(await told(database, "repo.stale")) == 1


async def test_an_abandoned_run_is_told_as_failed(api: Api, path: str, database: Database) -> None:
    await api.post(path, batch(commit("one")), headers={"TGL-Run-Id": str(uuid4())})
    await execute(database, "UPDATE sync_runs SET last_batch_at = now() - interval '16 minutes'")
    await sweep(database, TIMEOUT)
    failed, stored = await told(database, "run.failed", "commits.stored")
    assert (failed.data["state"], stored.data["count"]) == ("interrupted", 1)


async def test_a_remote_that_is_ahead_is_told_once_until_it_is_not(world: World, database: Database) -> None:
    for name in ("one", "two"):
        async with database.transaction() as tx:
            await record_tips(tx, RepoId(world.repo_id), {"refs/heads/main": sha_of(name)})
    (behind,) = await told(database, "repo.behind")
    assert behind.repo_id == world.repo_id


async def test_a_changed_method_is_told(server: RunningServer, people: People, database: Database) -> None:
    ada = await people.make("ada")
    await make_repo(ada, await make_project(ada), git_url="https://git.example.com/team/linux.git")
    assert (await ada.patch("/projects/team/repos/linux", {"sync_method": "pull_celery"})).status == 200
    assert (await ada.patch("/projects/team/repos/linux", {"sync_method": "pull_celery"})).status == 200
    (migrated,) = await told(database, "repo.migrated")
    assert migrated.data == {"from_method": "push_client", "to_method": "pull_celery"}


async def test_keys_and_accounts_are_told_to_their_owner_without_a_secret(
    server: RunningServer, people: People, database: Database
) -> None:
    ada = await people.make("ada")
    made = (await ada.post("/api-keys", {"name": "laptop"})).json
    await ada.patch(f"/api-keys/{made['id']}", {"name": "desk"})
    await ada.delete(f"/api-keys/{made['id']}")
    changed = {"current_password": PASSWORD, "new_password": "another long password"}
    assert (await ada.post("/auth/password", changed)).status in (200, 204)
    async with Api(server.url) as api:
        newcomer = (await register(api)).json
    events = await told(database)
    assert [event.type for event in events] == [
        *("key.created", "key.changed", "key.revoked"),
        *("account.password_changed", "account.pending"),
    ]
    assert {event.user_id for event in events[:-1]} == {ada.id}
    assert str(events[-1].user_id) == newcomer["id"]
    assert made["full_key"] not in str(events)
    assert events[2].data["prefix"] == made["prefix"]


async def test_a_key_that_expires_is_told_14_3_and_0_days_before_once_each(world: World, database: Database) -> None:
    await execute(database, "UPDATE api_keys SET created_at = now() - interval '1 year'")
    for days, expected in ((20, 0), (13, 1), (4, 1), (2, 2), (0, 3)):
        await execute(
            database, "UPDATE api_keys SET expires_at = now() + make_interval(days => CAST(:days AS int))", days=days
        )
        await asyncio.gather(*(tell_expiry(database) for _ in range(3)))
        assert len(await told(database, "key.expiring")) == expected, days
    assert [event.data["days"] for event in await told(database, "key.expiring")] == [14, 3, 0]


async def test_a_key_made_for_a_week_is_not_told_of_fourteen_days(world: World, database: Database) -> None:
    await execute(database, "UPDATE api_keys SET created_at = now(), expires_at = now() + interval '7 days'")
    assert await tell_expiry(database) == 0
    await execute(
        database, "UPDATE api_keys SET created_at = now() - interval '5 days', expires_at = now() + interval '2 days'"
    )
    assert await tell_expiry(database) == 1


async def record_some(database: Database, world: World) -> None:
    async with database.transaction() as tx:
        await record_event(tx, EventType.ACCOUNT_PENDING, AccountEvent(user_id=world.user_id))


async def seen(database: Database, after: int = 0) -> list[int]:
    async with database.statements() as connection:
        return [event.seq for event in await events_after(connection, after, 1000)]


async def test_an_event_of_a_longer_transaction_gets_a_later_number(world: World, database: Database) -> None:
    async with database.transaction() as long:
        await record_event(long, EventType.ACCOUNT_PENDING, AccountEvent(user_id=world.user_id), once="long")
        await record_some(database, world)
        await relay(database)
        before = await seen(database)
        assert before
    await until(lambda: numbered_all(database))
    late = await scalar(database, "SELECT seq FROM events WHERE once = 'long'")
    assert late > max(before)
    assert late in await seen(database, after=max(before))


async def numbered_all(database: Database) -> bool:
    await relay(database)
    return not await scalar(database, "SELECT EXISTS (SELECT FROM events WHERE seq IS NULL)")


async def test_many_relays_number_each_event_once(world: World, database: Database) -> None:
    async def work() -> None:
        for _ in range(10):
            await record_some(database, world)
            await relay(database)

    await asyncio.gather(*(work() for _ in range(4)))
    await until(lambda: numbered_all(database))
    numbers = await seen(database)
    assert len(numbers) == len(set(numbers)) == await count(database, "events")


async def test_two_processes_of_one_reader_take_each_event_once(world: World, database: Database) -> None:
    for _ in range(10):
        await record_some(database, world)
    await until(lambda: numbered_all(database))
    taken: list[int] = []

    async def take() -> None:
        for _ in range(10):
            async with database.transaction() as tx:
                taken.extend(event.seq for event in await take_events(tx, "test", 3))

    while len(taken) < await count(database, "events"):
        await asyncio.gather(take(), take())
    assert sorted(taken) == await seen(database)


async def test_what_a_reader_took_and_did_not_keep_is_taken_again(world: World, database: Database) -> None:
    await until(lambda: numbered_all(database))
    async with database.transaction() as tx:
        assert await take_events(tx, "test", 3)
        await tx.rollback()
    async with database.transaction() as tx:
        assert [event.seq for event in await take_events(tx, "test", 3)] == (await seen(database))[:3]


async def test_events_are_forgotten_after_thirty_days_and_numbers_go_on(world: World, database: Database) -> None:
    await until(lambda: numbered_all(database))
    last = max(await seen(database))
    await execute(database, "UPDATE events SET at = now() - interval '31 days'")
    assert await forget_events(database, timedelta(days=30))
    assert await count(database, "events") == 0
    await record_some(database, world)
    await until(lambda: numbered_all(database))
    assert min(await seen(database)) > last
