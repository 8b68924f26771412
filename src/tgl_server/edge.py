"""What stands around the application: the same for every request, before and after anybody looks at its route.

traces, if any -> request log -> security headers -> client's address -> draining -> unknown keys -> CORS
    -> head and body limits -> rate limit -> guards, which authenticate -> body -> handler
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.types import ASGIApp

from tgl_protocol.http import REQUEST_ID_HEADER, RUN_ID_HEADER
from tgl_server.auth.shedding import shed_strangers
from tgl_server.draining import refuse_when_draining
from tgl_server.limits.accounts import LoginLimit
from tgl_server.limits.early import finish_bodies
from tgl_server.limits.groups import group_limits
from tgl_server.limits.intake import limit_intake
from tgl_server.limits.limiter import RateLimiter
from tgl_server.limits.middleware import limit_rate
from tgl_server.origin import find_clients, parse_networks
from tgl_server.request_log import log_requests
from tgl_server.security_headers import secure_answers
from tgl_server.settings import Environment, Settings
from tgl_server.tracing.switch import trace

_RATE_HEADERS = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"]


def edge_options(settings: Settings) -> dict[str, Any]:
    """Arguments of `Litestar(...)`."""
    return {
        "middleware": [partial(limit_intake, body_seconds=settings.body_timeout_seconds), limit_rate],
        "cors_config": _cors(settings.cors_origins) if settings.cors_origins else None,
    }


def stand_around(litestar: Litestar, settings: Settings) -> ASGIApp:
    """Around Litestar's own handler, as its middleware does not see requests that match no route."""
    app = shed_strangers(litestar.asgi_handler, litestar.state)
    app = refuse_when_draining(app)
    app = finish_bodies(app)
    app = find_clients(app, parse_networks(settings.trusted_proxies))
    app = secure_answers(app, is_production=settings.environment is Environment.PRODUCTION)
    return trace(log_requests(app), litestar, settings)


def rate_limits(settings: Settings) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """For `lifespan`: the counters, as `app.state.rate_limiter`, `.group_limits` and `.login_limit`."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        limiter = RateLimiter(settings.rate_limit_storage)
        app.state.rate_limiter = limiter
        app.state.group_limits = group_limits(settings)
        app.state.login_limit = LoginLimit(limiter, settings)
        try:
            yield
        finally:
            await limiter.close()

    return lifespan


def _cors(origins: tuple[str, ...]) -> CORSConfig:
    """Without credentials: other origins send a token of their own, and never our cookies."""
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Content-Encoding", RUN_ID_HEADER, REQUEST_ID_HEADER],
        expose_headers=[REQUEST_ID_HEADER, *_RATE_HEADERS],
    )
