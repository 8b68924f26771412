"""The export of spans: in batches, from a thread of its own, to a collector that speaks OTLP over HTTP.

A request only puts its spans into a queue in memory. If the collector is slow or does not answer, the queue drops them
and the log says so from time to time.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Tracer
from opentelemetry.util.re import parse_env_headers
from uuid_utils.compat import uuid7

import tgl_protocol
from tgl_server.settings import Settings

log = structlog.get_logger()

_TRACES_PATH = "/v1/traces"
# Together with draining this stays below the time after which Granian kills a worker.
_FLUSH_SECONDS = 3.0
_LOG_EVERY_SECONDS = 60.0


@asynccontextmanager
async def exporting(settings: Settings) -> AsyncIterator[Tracer]:
    """A worker's tracer; the spans in its queue are sent at the end of the block."""
    complaints = _NowAndThen()
    library = logging.getLogger("opentelemetry")
    library.addHandler(complaints)
    library.propagate = False
    provider = open_provider(settings)
    try:
        yield provider.get_tracer("tgl_server", tgl_protocol.__version__)
    finally:
        await _flush(provider)
        library.removeHandler(complaints)


def open_provider(settings: Settings) -> TracerProvider:
    """A provider of tracers. It starts a thread, so make it in the process that uses it.

    The library reads the sampling and the sizes of the queue from OTEL_ variables of its own.
    """
    exporter = OTLPSpanExporter(
        endpoint=settings.otel_exporter_otlp_endpoint.rstrip("/") + _TRACES_PATH,
        headers=parse_env_headers(settings.otel_exporter_otlp_headers, liberal=True),
    )
    provider = TracerProvider(resource=_resource(settings), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _resource(settings: Settings) -> Resource:
    """The sender of the spans: each worker is an instance of the service."""
    return Resource.create(
        {
            "service.name": settings.otel_service_name,
            "service.version": tgl_protocol.__version__,
            "service.instance.id": str(uuid7()),
            "deployment.environment.name": settings.environment.value,
        }
    )


async def _flush(provider: TracerProvider) -> None:
    """Send the queue from a thread that may be left behind: the library waits half a minute for a hanging collector."""
    closing = Thread(target=provider.shutdown, name="traces-shutdown", daemon=True)
    closing.start()
    await asyncio.to_thread(closing.join, _FLUSH_SECONDS)
    if closing.is_alive():
        log.warning("traces_not_flushed", seconds=_FLUSH_SECONDS)


class _NowAndThen(logging.Handler):
    """The library's complaints as lines of our log, at most one a minute."""

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
