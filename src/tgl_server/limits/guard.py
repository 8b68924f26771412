"""The limit of a route group as a Litestar guard: the outermost one, so that it runs before authentication."""

from litestar.handlers import BaseRouteHandler

from tgl_server.errors import RateLimited
from tgl_server.limits.groups import GROUP_OPTION, RateGroup
from tgl_server.limits.limiter import RateLimiter, Standing
from tgl_server.origin import AnyConnection, client_ip, network_of
from tgl_server.security_headers import add_answer_headers


async def limit_rate(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Count the request for its client and group; raises 429. The answer says where the client stands."""
    group = handler.opt.get(GROUP_OPTION, RateGroup.API)
    if group is RateGroup.UNLIMITED:
        return
    limiter: RateLimiter = connection.app.state.rate_limiter
    item = connection.app.state.group_limits[group]
    standing = await limiter.hit(item, group, network_of(client_ip(connection.scope)))
    if standing is None:
        return
    add_answer_headers(connection.scope, _headers(standing))
    if standing.is_refused:
        raise refusal(standing)


def refusal(standing: Standing) -> RateLimited:
    """429 with `Retry-After`."""
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
