"""What nobody looks at after a time is forgotten, and what sums it up stays."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from tests.server.ingest.test_push_without_http import decoded
from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import execute, rows, scalar, until_query
from tests.support.databases import opened, own_database
from tests.support.servers import RunningServer
from tests.support.world import World, make_world
from tgl_server.access.ids import RepoId
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.followers.runner import catch_up
from tgl_server.ingest import forgetting
from tgl_server.ingest.context import PULL_WORKER, Push
from tgl_server.ingest.forgetting import forget_old
from tgl_server.ingest.push import push_commits
from tgl_server.settings import Settings
from tgl_server.verify.service import FaultKind, find_faults, repair

USES = """
    INSERT INTO api_key_days (key_id, day, uses, refused)
    SELECT k.id, CAST(now() AT TIME ZONE 'UTC' AS date) - ago, 7, 1
    FROM api_keys k, unnest(CAST(:days AS int[])) AS ago ON CONFLICT (key_id, day) DO UPDATE SET uses = 7
"""
AGES = "SELECT CAST(now() AT TIME ZONE 'UTC' AS date) - day AS ago FROM api_key_days ORDER BY day DESC"
AGE_RUN = """
    UPDATE sync_runs SET started_at = started_at - :days * interval '1 day',
                         last_batch_at = last_batch_at - :days * interval '1 day' WHERE id = :id
"""
MOMENT = "(SELECT at FROM ingest_log WHERE seq = CAST(substring(message_title FROM '[0-9]+') AS int))"
AGE_LOG = "UPDATE ingest_log SET at = now() - interval '99 days' + seq * interval '1 s' WHERE seq < 6"
ERRORS = "SELECT count(*) FROM sync_run_errors"


async def refused_run(api: Api, world: World, run: UUID, name: str) -> None:
    """A run with one refused commit."""
    answer = await api.post(
        f"{world.sync_path}/commits", batch(commit(name, additions=-1)), headers={"TGL-Run-Id": str(run)}
    )
    assert answer.status == 422


async def age_run(database: Database, run: UUID, days: int) -> None:
    await execute(database, AGE_RUN, days=days, id=run)


async def test_reasons_are_forgotten_some_time_after_their_run_and_the_run_stays(
    api: Api, world: World, database: Database
) -> None:
    old, young = UUID(int=1 << 100), UUID(int=2 << 100)
    for run, days in ((old, 41), (young, 39)):
        await refused_run(api, world, run, str(run))
        await age_run(database, run, days)
    await forget_old(database, Settings(run_errors_retention_days=40))
    assert await rows(database, "SELECT run_id FROM sync_run_errors") == [(young,)]
    shown = (await api.get(f"{world.sync_path}/runs/{old}")).json
    assert (shown["errors"], shown["refused"]) == (1, [])


async def test_uses_of_keys_by_day_are_forgotten_and_their_total_stays(database: Database, world: World) -> None:
    await execute(database, "UPDATE api_keys SET usage_count = 21")
    await execute(database, USES, days=[0, 40, 41])
    await forget_old(database, Settings(key_usage_retention_days=40))
    assert [row.ago for row in await rows(database, AGES)] == [0, 40]
    assert await scalar(database, "SELECT usage_count FROM api_keys") == 21


async def test_0_days_are_for_ever_and_much_goes_in_batches(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await execute(database, USES, days=list(range(100, 105)))
    await forget_old(database, Settings(key_usage_retention_days=0, run_errors_retention_days=0))
    assert await scalar(database, "SELECT count(*) FROM api_key_days") == 5
    monkeypatch.setattr(forgetting, "_BATCH_ROWS", 2)
    with capture_logs() as lines:
        await forget_old(database, Settings(key_usage_retention_days=50))
    assert await scalar(database, "SELECT count(*) FROM api_key_days") == 0
    assert [(line["event"], line["rows"]) for line in lines] == [("key_usage_forgotten", 5)]


FILL_RUNS = """
    INSERT INTO sync_runs (repo_id, id, state, inserted, started_at, last_batch_at)
    SELECT s.repo_id, gen_random_uuid(), :state, :inserted, a.at, a.at
    FROM repo_states s, generate_series(1, CAST(:count AS int)) n,
         LATERAL (SELECT now() - CAST(:age AS int) * interval '1 day' - n * interval '1 s') a (at)
"""


async def test_old_runs_are_forgotten_but_for_the_last_of_a_repository(world: World, database: Database) -> None:
    for age, state, inserted, count in (
        (500, "done", 0, 5),
        (400, "running", 0, 1),
        (300, "done", 7, 25),
        (200, "failed", 0, 5),
        (1, "failed", 0, 90),
    ):
        await execute(database, FILL_RUNS, age=age, state=state, inserted=inserted, count=count)
    reason = "INSERT INTO sync_run_errors (repo_id, run_id, n, message) SELECT repo_id, id, 1, 'bad' FROM sync_runs"
    await execute(database, reason)
    await forget_old(database, Settings(runs_retention_days=40, run_errors_retention_days=0))
    left = await rows(database, "SELECT state, inserted, count(*) FROM sync_runs GROUP BY 1, 2 ORDER BY 1, 2")
    # Of the hundred that are shown, 90 are young and 5 are failed ones; learning takes 15 more than the other 5.
    assert [tuple(row) for row in left] == [("done", 7, 20), ("failed", 0, 95), ("running", 0, 1)]
    assert await scalar(database, ERRORS) == 116


async def test_the_log_is_forgotten_as_far_as_it_was_read_and_nothing_is_found_wrong(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "_BATCH_ROWS", 2)
    kept = Settings(ingest_log_retention_days=40)
    # A database without a server, which would follow by itself.
    async with own_database(postgres) as url, opened(url) as database:
        await asyncio.to_thread(migrate.upgrade, url)
        push = Push(RepoId((await make_world(url)).repo_id), None, PULL_WORKER)
        for n in range(1, 7):
            await push_commits(database, push, [decoded(n)], slow_ms=1000)
        await catch_up(database, FOLLOWERS)
        # As if the last push had been today, and all before it long ago; one follower is behind.
        await execute(
            database, "UPDATE ingest_log SET at = now() - interval '99 days' + seq * interval '1 s' WHERE seq < 6"
        )
        await execute(database, f"UPDATE commits SET ingested_at = {MOMENT}")
        await execute(database, "UPDATE follower_marks SET seq = 4 WHERE follower = 'roots'")
        await forget_old(database, kept)
        assert await logged(database) == [(4, "forgotten", 0), (5, "stored", 1), (6, "stored", 1)]
        await catch_up(database, FOLLOWERS)
        await forget_old(database, kept)
        assert await logged(database) == [(5, "forgotten", 0), (6, "stored", 1)]
        assert await find_faults(database, kept.run_timeout, FOLLOWERS) == []

        await execute(database, "UPDATE ingest_log SET inserted = 2 WHERE seq = 6")
        (fault,) = await find_faults(database, kept.run_timeout, FOLLOWERS)
        assert fault.kind is FaultKind.LOG
        assert await repair(database, fault, kept.run_timeout, FOLLOWERS)
        # A new follower begins at the beginning of what there is, and still has all.
        await execute(database, "DELETE FROM repo_roots")
        await execute(database, "UPDATE follower_marks SET seq = 0")
        await catch_up(database, FOLLOWERS)
        assert await find_faults(database, kept.run_timeout, FOLLOWERS) == []
        assert await scalar(database, "SELECT count(*) FROM repo_roots") == 6


async def logged(database: Database) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await rows(database, "SELECT seq, kind, inserted FROM ingest_log ORDER BY seq")]


async def test_a_server_forgets_by_itself(
    api: Api, world: World, database: Database, start_server: Callable[..., RunningServer]
) -> None:
    run = UUID(int=3 << 100)
    await refused_run(api, world, run, "one")
    await age_run(database, run, 41)
    start_server(run_errors_retention_days=40, sweep_seconds=1)
    await until_query(database, f"SELECT ({ERRORS}) = 0")
