"""Where spans go: in batches, from a thread of their own, to a collector that speaks OTLP over HTTP.

A request only puts its spans into a queue in memory. When the collector is away or slow the queue drops them, and the
log says so now and then.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

import structlog
from litestar import Litestar
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.util.re import parse_env_headers
from uuid_utils.compat import uuid7

import tgl_protocol
from tgl_server.settings import Settings

log = structlog.get_logger()

_TRACES_PATH = "/v1/traces"
# With what draining may take, this stays below the time after which Granian kills a worker.
_FLUSH_SECONDS = 3.0
_LOG_EVERY_SECONDS = 60.0


@asynccontextmanager
async def traced(app: Litestar) -> AsyncIterator[None]:
    """A worker's lifespan: `app.state.tracer` inside, and what is in the queue is sent at the end."""
    complaints = _NowAndThen()
    library = logging.getLogger("opentelemetry")
    library.addHandler(complaints)
    library.propagate = False
    provider = open_provider(app.state.settings)
    app.state.tracer = provider.get_tracer("tgl_server", tgl_protocol.__version__)
    try:
        yield
    finally:
        await _flush(provider)
        library.removeHandler(complaints)


def open_provider(settings: Settings) -> TracerProvider:
    """Starts a thread, so it is made in the process that uses it. How much is sampled, and the sizes of the queue,
    the library reads from OTEL_ variables of its own."""
    exporter = OTLPSpanExporter(
        endpoint=settings.otel_exporter_otlp_endpoint.rstrip("/") + _TRACES_PATH,
        headers=parse_env_headers(settings.otel_exporter_otlp_headers, liberal=True),
    )
    provider = TracerProvider(resource=_resource(settings), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _resource(settings: Settings) -> Resource:
    """Who sends: each worker is an instance of the service."""
    return Resource.create(
        {
            "service.name": settings.otel_service_name,
            "service.version": tgl_protocol.__version__,
            "service.instance.id": str(uuid7()),
            "deployment.environment.name": settings.environment.value,
        }
    )


async def _flush(provider: TracerProvider) -> None:
    """In a thread that may be left behind: the library would wait half a minute for a collector that hangs."""
    closing = Thread(target=provider.shutdown, name="traces-shutdown", daemon=True)
    closing.start()
    await asyncio.to_thread(closing.join, _FLUSH_SECONDS)
    if closing.is_alive():
        log.warning("traces_not_flushed", seconds=_FLUSH_SECONDS)


class _NowAndThen(logging.Handler):
    """What the library complains of, in lines of ours, and not more than one a minute."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._silent_until = 0.0
        self._left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        if now < self._silent_until:
            self._left_out += 1
            return
        log.warning("traces_incomplete", reason=record.getMessage(), complaints_left_out=self._left_out)
        self._silent_until = now + _LOG_EVERY_SECONDS
        self._left_out = 0
