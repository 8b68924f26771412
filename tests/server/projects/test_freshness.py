"""What a repository's status says about its past, and what time alone changes."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import execute, rows, scalar, until_query
from tests.support.metrics import scrape, value
from tests.support.servers import RunningServer
from tests.support.world import World, status_of
from tgl_server.access.ids import RepoId
from tgl_server.commits.service import lock_state
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.ingest.sweep import sweep
from tgl_server.verify.service import FaultKind, find_faults

TIMEOUT = timedelta(minutes=15)
RUN = {"TGL-Run-Id": "0198c0de-0000-7000-8000-000000000001"}
LEFT_OPEN = (
    "UPDATE sync_runs SET last_batch_at = now() - interval '16 min'",
    "UPDATE repo_states SET last_attempt_at = now() - interval '16 min'",
)


async def test_attempt_success_and_error_are_kept_apart(api: Api, world: World) -> None:
    await api.post(f"{world.sync_path}/commits", batch(commit("one")))
    before = await status_of(api, world)
    await api.post(f"{world.sync_path}/commits", batch(commit("two", additions=-1)))
    failed = await status_of(api, world)
    assert failed["last_success_at"] == before["last_success_at"] < failed["last_attempt_at"] == failed["last_error_at"]
    assert (before["last_error_at"], failed["status"]) == (None, "error")


async def test_the_last_error_outlives_the_next_success(api: Api, world: World) -> None:
    await api.post(f"{world.sync_path}/commits", batch(commit("two", additions=-1)))
    await api.post(f"{world.sync_path}/commits", batch(commit("two")))
    status = await status_of(api, world)
    assert (status["status"], status["error_message"]) == ("healthy", None)
    assert "1 of 1 commits is invalid." in status["last_error"]
    (repo,) = (await api.get(f"/api/v1/projects/{world.project}/repos")).json["items"]
    assert repo["last_error_at"] == status["last_error_at"] < status["last_success_at"]


async def test_a_run_left_open_is_interrupted_in_the_database(api: Api, world: World, database: Database) -> None:
    await api.post(f"{world.sync_path}/commits", batch(commit()), headers=RUN)
    assert await sweep(database, TIMEOUT) == 0
    for statement in LEFT_OPEN:
        await execute(database, statement)
    assert await sweep(database, TIMEOUT) == 1
    assert await scalar(database, "SELECT state FROM sync_runs") == "interrupted"
    assert await scalar(database, "SELECT sync_status || ' ' || last_error FROM repo_states") == (
        "error The last push was interrupted; the next one continues where it stopped."
    )


async def test_a_pull_that_is_left_open_is_interrupted_in_words_of_its_own(
    api: Api, world: World, database: Database
) -> None:
    await api.post(f"{world.sync_path}/commits", batch(commit()), headers=RUN)
    await execute(database, "UPDATE repos SET sync_method = 'pull_celery'", *LEFT_OPEN)
    words = "The last pull was interrupted; the next one continues where it stopped."
    seen = await status_of(api, world)
    assert (seen["status"], seen["error_message"]) == ("error", words)
    assert await sweep(database, TIMEOUT) == 1
    said = "SELECT (SELECT error_message FROM sync_runs), error_message, last_error FROM repo_states"
    assert [tuple(row) for row in await rows(database, said)] == [(words, words, words)]


async def test_a_pull_that_waits_or_gives_signs_of_life_is_no_open_run(
    api: Api, world: World, database: Database
) -> None:
    await api.post(f"{world.sync_path}/commits", batch(commit()), headers=RUN)
    await execute(database, *LEFT_OPEN, "UPDATE repo_states SET sync_status = 'pending'")
    await execute(database, "UPDATE sync_runs SET state = 'queued', source = 'pull', phase = 'queued'")
    assert await sweep(database, TIMEOUT) == 0
    await execute(database, "UPDATE sync_runs SET state = 'running', phase = 'fetching', last_batch_at = now()")
    assert await sweep(database, TIMEOUT) == 0


async def test_a_run_from_before_the_clock_was_set_back_does_not_stay_open(
    api: Api, world: World, database: Database
) -> None:
    await api.post(f"{world.sync_path}/commits", batch(commit()), headers=RUN)
    await execute(database, "UPDATE sync_runs SET last_batch_at = now() + interval '2 days'")
    await execute(database, "UPDATE repo_states SET last_attempt_at = now() + interval '2 days'")
    (run,) = (await api.get(f"{world.sync_path}/runs")).json["items"]
    assert ((await status_of(api, world))["status"], run["state"]) == ("error", "interrupted")
    assert [fault.kind for fault in await find_faults(database, TIMEOUT, FOLLOWERS)] == [FaultKind.OPEN_RUN]
    assert await sweep(database, TIMEOUT) == 1
    assert await scalar(database, "SELECT sync_status FROM repo_states") == "error"
    assert await find_faults(database, TIMEOUT, FOLLOWERS) == []


async def test_an_interrupted_run_that_goes_on_is_finished_as_usual(api: Api, world: World, database: Database) -> None:
    await api.post(f"{world.sync_path}/commits", batch(commit("one")), headers=RUN)
    for statement in LEFT_OPEN:
        await execute(database, statement)
    await sweep(database, TIMEOUT)
    await api.post(f"{world.sync_path}/commits", batch(commit("two")), headers=RUN)
    await api.put(f"{world.sync_path}/refs", {"refs": {}}, headers=RUN)
    (run,) = (await api.get(f"{world.sync_path}/runs")).json["items"]
    assert (run["state"], run["total"], run["error_message"]) == ("done", 2, None)


async def test_one_process_sweeps_at_a_time_and_none_waits_for_a_push(
    api: Api, world: World, database: Database
) -> None:
    await api.post(f"{world.sync_path}/commits", batch(commit()), headers=RUN)
    for statement in LEFT_OPEN:
        await execute(database, statement)
    async with database.transaction() as pushing:
        assert await lock_state(pushing, RepoId(world.repo_id))
        assert await asyncio.wait_for(sweep(database, TIMEOUT), 10) == 0
    found = await asyncio.gather(*(sweep(database, TIMEOUT) for _ in range(4)))
    assert sum(closed for closed in found if closed is not None) == 1


async def test_a_server_sweeps_by_itself(
    start_server: Callable[..., RunningServer], world: World, database: Database
) -> None:
    server = start_server(sweep_seconds=1)
    async with Api(server.url, world.key) as api:
        await api.post(f"{world.sync_path}/commits", batch(commit()), headers=RUN)
    for statement in LEFT_OPEN:
        await execute(database, statement)
    await until_query(database, "SELECT state = 'interrupted' FROM sync_runs")
    await server.logged("runs_interrupted")


@pytest.mark.parametrize(("hours", "learned"), [(1, 86_400), (24, 3 * 86_400), (24 * 60, 30 * 86_400)])
async def test_a_cadence_is_learned_from_five_runs(
    hours: int, learned: int, api: Api, world: World, database: Database
) -> None:
    await _runs_every(database, world, hours, count=5)
    await sweep(database, TIMEOUT)
    assert (await status_of(api, world))["learned_cadence_seconds"] == learned


async def test_too_few_runs_and_runs_that_brought_nothing_teach_nothing(
    api: Api, world: World, database: Database
) -> None:
    await _runs_every(database, world, 24, count=4)
    await execute(database, "INSERT INTO sync_runs (repo_id, id, state) SELECT id, id, 'done' FROM repos")
    await sweep(database, TIMEOUT)
    status = await status_of(api, world)
    assert (status["learned_cadence_seconds"], status["stale"]) == (None, False)


async def test_what_missed_its_learned_cadence_is_stale_everywhere(api: Api, world: World, database: Database) -> None:
    await _runs_every(database, world, 24, count=5)
    await sweep(database, TIMEOUT)
    assert value(await scrape(api), "tgl_repos_stale") == 0
    await execute(database, "UPDATE repo_states SET last_success_at = now() - interval '73 hours'")
    assert (await status_of(api, world))["stale"] is True
    assert (await api.get(f"/api/v1/projects/{world.project}/repos/{world.repo}")).json["stale"] is True
    assert value(await scrape(api), "tgl_repos_stale") == 1


async def test_a_cadence_that_was_set_wins_over_the_learned_one(api: Api, world: World, database: Database) -> None:
    await _runs_every(database, world, 24, count=5)
    await sweep(database, TIMEOUT)
    await execute(database, "UPDATE repo_states SET last_success_at = now() - interval '73 hours'")
    await execute(database, "UPDATE repos SET expected_cadence = interval '7 days'")
    status = await status_of(api, world)
    assert (status["stale"], status["expected_cadence_seconds"]) == (False, 7 * 86_400)
    assert value(await scrape(api), "tgl_repos_stale") == 0


async def _runs_every(database: Database, world: World, hours: int, count: int) -> None:
    await execute(
        database,
        f"""
        INSERT INTO sync_runs (repo_id, id, state, started_at, inserted)
        SELECT '{world.repo_id}', gen_random_uuid(), 'done', now() - n * interval '{hours} hours', 1
        FROM generate_series(1, {count}) n
        """,
    )
    await execute(database, "UPDATE repo_states SET last_success_at = now(), last_attempt_at = now()")
