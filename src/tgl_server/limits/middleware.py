"""The middleware that counts requests against the limit of their group, before anybody is authenticated.

It is a Litestar middleware and not a guard: Litestar copies the handler for each guard of each request, which costs
more than the counting.
"""

from collections.abc import Mapping

from limits import RateLimitItem
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from tgl_server.errors import RateLimited
from tgl_server.http.client_address import client_ip, network_of
from tgl_server.http.problems import send_problem
from tgl_server.http.request_context import context_of
from tgl_server.limits.groups import RateGroup, group_of
from tgl_server.limits.limiter import RateLimiter, Standing
from tgl_server.metrics.definitions import LIMITER_REFUSALS

_UNMATCHED = frozenset({404, 405})

GroupLimits = Mapping[RateGroup, RateLimitItem]


def limit_rate(app: ASGIApp, limiter: RateLimiter, limits: GroupLimits) -> ASGIApp:
    """Middleware: counts the request for its client and group, and answers 429; headers tell the client its count."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            standing = await _count(scope, limiter, limits)
            if standing is not None and standing.is_refused:
                await send_problem(scope, send, refusal(group_of(scope["route_handler"]), standing))
                return
        await app(scope, receive, send)

    return middleware


def limit_unmatched(app: ASGIApp, limiter: RateLimiter, limits: GroupLimits) -> ASGIApp:
    """Counts what Litestar answers 404 or 405 to, as no route takes it: then its own middleware was not asked."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        is_refused = False

        async def send_counted(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start" and message["status"] in _UNMATCHED and _has_no_route(scope):
                standing = await _hit(scope, RateGroup.API, limiter, limits)
                if standing is not None and standing.is_refused:
                    is_refused = True
                    await send_problem(scope, send, refusal(RateGroup.API, standing))
            if not is_refused:
                await send(message)

        await app(scope, receive, send_counted)

    return middleware


def _has_no_route(scope: Scope) -> bool:
    return scope.get("route_handler") is None


async def _count(scope: HTTPScope, limiter: RateLimiter, limits: GroupLimits) -> Standing | None:
    """Count a request; None if it has no limit, or could not be counted."""
    group = group_of(scope["route_handler"])
    return None if group is RateGroup.UNLIMITED else await _hit(scope, group, limiter, limits)


async def _hit(scope: Scope, group: RateGroup, limiter: RateLimiter, limits: GroupLimits) -> Standing | None:
    standing = await limiter.hit(limits[group], group, network_of(client_ip(scope)))
    if standing is not None:
        context_of(scope).answer_headers.extend(_headers(standing))
    return standing


def refusal(limit: str, standing: Standing) -> RateLimited:
    """A 429 error with `Retry-After`, which is also counted as a metric."""
    LIMITER_REFUSALS.labels(limit).inc()
    return RateLimited(
        f"More than {standing.limit} requests in a minute; wait {standing.reset_seconds} s.",
        headers={"Retry-After": str(standing.reset_seconds)},
    )


def _headers(standing: Standing) -> list[tuple[bytes, bytes]]:
    """The three headers of draft-ietf-httpapi-ratelimit-headers-07, which most clients know."""
    return [
        (b"ratelimit-limit", b"%d" % standing.limit),
        (b"ratelimit-remaining", b"%d" % standing.remaining),
        (b"ratelimit-reset", b"%d" % standing.reset_seconds),
    ]
