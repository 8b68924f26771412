"""The switch for traces: nothing of OpenTelemetry is imported unless the settings name a collector."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from litestar.types import ASGIApp

from tgl_server.errors import StartupError
from tgl_server.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer


def check_installed(settings: Settings) -> None:
    """Raises `StartupError` if traces are wanted and the extra is not installed."""
    if not settings.otel_exporter_otlp_endpoint:
        return
    try:
        import tgl_server.tracing.provider  # noqa: F401, PLC0415 -- needs the extra
    except ImportError as error:
        raise StartupError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and {error.name} is not installed here; "
            "pip install 'thegitleague[server,traces]', or start without the variable"
        ) from None


class Traces:
    """The traces of one application; they cost nothing if the settings name no collector."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_on = bool(settings.otel_exporter_otlp_endpoint)
        self._tracer: Tracer | None = None

    def around(self, app: ASGIApp) -> ASGIApp:
        """The application with the middleware for traces around it."""
        if not self._is_on:
            return app
        from tgl_server.tracing.requests import trace_requests  # noqa: PLC0415 -- needs the extra

        return trace_requests(app, self._started_tracer)

    @asynccontextmanager
    async def exported(self) -> AsyncIterator[None]:
        """Export traces while the block runs, which is the life of the application; the queue is sent at its end."""
        if not self._is_on:
            yield
            return
        from tgl_server.tracing.provider import exporting  # noqa: PLC0415 -- needs the extra

        async with exporting(self._settings) as self._tracer:
            yield

    def _started_tracer(self) -> "Tracer":
        assert self._tracer is not None, "requests come after the start"
        return self._tracer
