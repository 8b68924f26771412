"""An OpenTelemetry collector as far as the tests need one: it takes OTLP over HTTP, and remembers the spans."""

import asyncio
import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan

from tests.support.waiting import until


class Collected:
    """One span, with its attributes and those of the service as plain values."""

    def __init__(self, sent: SentSpan, service: dict[str, Any]) -> None:
        self.sent = sent
        self.name = sent.name
        self.attributes = _values(sent.attributes)
        self.service = service
        self.trace_id = sent.trace_id.hex()
        self.span_id = sent.span_id.hex()
        self.parent_id = sent.parent_span_id.hex()
        self.request_id = self.attributes.get("tgl.request_id")


class Collector:
    """`url` is for OTEL_EXPORTER_OTLP_ENDPOINT. Requests hang while `answers` is cleared."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Collected] = []
        self.raw = b""
        self.headers: dict[str, str] = {}
        self.answers = threading.Event()
        self.answers.set()
        self.asked = threading.Event()

    def take(self, body: bytes) -> None:
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _values(resource.resource.attributes)
            self.spans += [Collected(span, service) for scope in resource.scope_spans for span in scope.spans]

    def named(self, name: str) -> list[Collected]:
        return [span for span in self.spans if span.name == name]

    async def request(self, request_id: str) -> Collected:
        """The span of a request, once it has arrived; those below it have arrived before."""

        found: Collected
        (found,) = await until(lambda: [span for span in self.spans if span.request_id == request_id])
        return found

    def below(self, parent: Collected) -> list[Collected]:
        """The spans below this one, by their start."""
        found = [span for span in self.spans if span.parent_id == parent.span_id]
        return sorted(found, key=lambda span: span.sent.start_time_unix_nano)


@contextmanager
def collector() -> Iterator[Collector]:
    """A running collector on a free port."""
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.asked.set()
            found.answers.wait()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.headers = dict(self.headers)
            if self.path == "/v1/traces":
                found.take(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        found.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield found
        finally:
            found.answers.set()
            server.shutdown()
            serving.join()


async def heard(event: threading.Event) -> None:
    """Wait for an event of another thread without blocking the test's event loop."""
    assert await asyncio.to_thread(event.wait, 30)


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: _value(each) for each in attributes}


def _value(attribute: KeyValue) -> Any:
    kind = attribute.value.WhichOneof("value")
    return getattr(attribute.value, kind) if kind else None
