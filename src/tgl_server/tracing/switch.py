"""Whether there are traces; nothing of OpenTelemetry is imported unless there are."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from litestar import Litestar
from litestar.types import ASGIApp

from tgl_server.errors import StartupError
from tgl_server.settings import Settings

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def check_installed(settings: Settings) -> None:
    """Raises `StartupError` where traces are wanted and the extra is not installed."""
    if not settings.otel_exporter_otlp_endpoint:
        return
    try:
        import tgl_server.tracing.provider  # noqa: F401, PLC0415 -- needs the extra
    except ImportError as error:
        raise StartupError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and {error.name} is not installed here; "
            "pip install 'thegitleague[server,traces]', or start without the variable"
        ) from None


def trace(app: ASGIApp, litestar: Litestar, settings: Settings) -> ASGIApp:
    """The middleware around all others, or nothing at all."""
    if not settings.otel_exporter_otlp_endpoint:
        return app
    from tgl_server.tracing.requests import trace_requests  # noqa: PLC0415 -- needs the extra

    return trace_requests(app, litestar.state)


def tracing(settings: Settings) -> list[Lifespan]:
    """For `lifespan`, first, so that it ends last."""
    if not settings.otel_exporter_otlp_endpoint:
        return []
    from tgl_server.tracing.provider import traced  # noqa: PLC0415 -- needs the extra

    return [traced]
