"""The middleware around the application, in the order in which a request passes it.

traces, if any -> request log -> pieces of the answer -> security headers -> problems as pages -> client's address
    -> head limit -> HEAD as GET -> draining -> unverified keys -> refused preflights
    -> rate limit of what no route takes -> ETag and compression -> CORS
    -> time limit of the body -> rate limit -> guards, which authenticate -> body -> handler
"""

from functools import partial
from typing import Any

from litestar.config.cors import CORSConfig
from litestar.types import ASGIApp

from tgl_protocol.http import IDEMPOTENCY_KEY_HEADER, REQUEST_ID_HEADER, RUN_ID_HEADER
from tgl_server.auth.keys.overload import shed_unverified_keys
from tgl_server.http.answer_bodies import spare_bodies
from tgl_server.http.answer_pieces import send_in_pieces
from tgl_server.http.client_address import find_clients, parse_networks
from tgl_server.http.draining import refuse_when_draining
from tgl_server.http.head_requests import answer_head
from tgl_server.http.preflights import answer_preflights
from tgl_server.http.request_limits import limit_body_time, limit_head
from tgl_server.http.request_log import log_requests
from tgl_server.http.security_headers import secure_answers
from tgl_server.http.unread_body import finish_bodies
from tgl_server.limits.middleware import limit_rate, limit_unmatched
from tgl_server.services import Services
from tgl_server.settings import Environment
from tgl_server.tracing.switch import Traces
from tgl_server.web.problems import show_problems

_REQUEST_HEADERS = ["If-None-Match", RUN_ID_HEADER, REQUEST_ID_HEADER, IDEMPOTENCY_KEY_HEADER]
_RATE_HEADERS = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"]


def inner_middleware(services: Services) -> dict[str, Any]:
    """Arguments of `Litestar(...)`: the middleware that needs to know the request's route."""
    settings = services.settings
    return {
        "middleware": [
            partial(limit_body_time, body_seconds=settings.body_timeout_seconds),
            partial(limit_rate, limiter=services.rate_limiter, limits=services.group_limits),
        ],
        "cors_config": _cors(settings.cors_origins) if settings.cors_origins else None,
    }


def outer_middleware(app: ASGIApp, services: Services, traces: Traces) -> ASGIApp:
    """The middleware around Litestar's own handler: Litestar's middleware does not see requests that match no route."""
    settings = services.settings
    app = spare_bodies(app)
    app = limit_unmatched(app, services.rate_limiter, services.group_limits)
    app = answer_preflights(app)
    app = shed_unverified_keys(app, services.authentication.api_keys)
    app = refuse_when_draining(app, services.draining)
    app = limit_head(answer_head(app))
    app = finish_bodies(app)
    app = find_clients(app, parse_networks(settings.trusted_proxies))
    app = show_problems(app)
    app = secure_answers(app, is_production=settings.environment is Environment.PRODUCTION)
    app = send_in_pieces(app)
    return traces.around(log_requests(app))


def _cors(origins: tuple[str, ...]) -> CORSConfig:
    """The CORS rules for these origins, without credentials: they send a token of their own, and never our cookies."""
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Content-Encoding", *_REQUEST_HEADERS],
        expose_headers=[REQUEST_ID_HEADER, "ETag", "Location", *_RATE_HEADERS],
    )
