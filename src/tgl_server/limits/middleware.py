"""The limit of a route group, counted before anybody is authenticated.

A middleware of Litestar's and not a guard: Litestar copies the handler for each guard of each request, which costs
more than the counting does.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from tgl_server.errors import RateLimited
from tgl_server.limits.groups import GROUP_OPTION, RateGroup
from tgl_server.limits.limiter import RateLimiter, Standing
from tgl_server.metrics.definitions import LIMITER_REFUSALS
from tgl_server.origin import client_ip, network_of
from tgl_server.problems import send_problem
from tgl_server.security_headers import add_answer_headers


def limit_rate(app: ASGIApp) -> ASGIApp:
    """Counts the request for its client and group; answers 429. Every answer says where the client stands."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not await _is_refused(scope, send):
            await app(scope, receive, send)

    return middleware


async def _is_refused(scope: HTTPScope, send: Send) -> bool:
    group = scope["route_handler"].opt.get(GROUP_OPTION, RateGroup.API)
    if group is RateGroup.UNLIMITED:
        return False
    state = scope["litestar_app"].state
    limiter: RateLimiter = state.rate_limiter
    standing = await limiter.hit(state.group_limits[group], group, network_of(client_ip(scope)))
    if standing is None:
        return False
    add_answer_headers(scope, _headers(standing))
    if standing.is_refused:
        await send_problem(scope, send, refusal(group, standing))
    return standing.is_refused


def refusal(limit: str, standing: Standing) -> RateLimited:
    """429 with `Retry-After`; it is counted."""
    LIMITER_REFUSALS.labels(limit).inc()
    return RateLimited(
        f"More than {standing.limit} requests in a minute; wait {standing.reset_seconds} s.",
        headers={"Retry-After": str(standing.reset_seconds)},
    )


def _headers(standing: Standing) -> list[tuple[bytes, bytes]]:
    """As in draft-ietf-httpapi-ratelimit-headers-07, whose three headers most clients know."""
    return [
        (b"ratelimit-limit", b"%d" % standing.limit),
        (b"ratelimit-remaining", b"%d" % standing.remaining),
        (b"ratelimit-reset", b"%d" % standing.reset_seconds),
    ]
