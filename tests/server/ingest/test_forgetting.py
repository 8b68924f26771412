"""What nobody looks at after a time is forgotten, and what sums it up stays."""

from collections.abc import Callable
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import execute, rows, scalar, until_query
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.ingest import forgetting
from tgl_server.ingest.forgetting import forget_old
from tgl_server.settings import Settings

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


async def test_a_server_forgets_by_itself(
    api: Api, world: World, database: Database, start_server: Callable[..., RunningServer]
) -> None:
    run = UUID(int=3 << 100)
    await refused_run(api, world, run, "one")
    await age_run(database, run, 41)
    start_server(run_errors_retention_days=40, sweep_seconds=1)
    await until_query(database, f"SELECT ({ERRORS}) = 0")
