"""Groups of routes that share a limit; a route belongs to the group that it or a router around it names."""

from enum import StrEnum

from limits import RateLimitItem, RateLimitItemPerMinute
from litestar.handlers import BaseRouteHandler

from tgl_server.http.declarations import Options, declared, option
from tgl_server.settings import Settings


class RateGroup(StrEnum):
    """The groups; a client's requests of one group share one limit, whatever their paths."""

    SYNC = "sync"
    LOGIN = "login"
    API = "api"
    #: Pages of the console, of which an office behind one address loads many.
    PAGES = "pages"
    #: What forges send, each from few addresses for many repositories.
    WEBHOOKS = "webhooks"
    #: For the machines that watch the service: never refused, since they would restart it for that.
    UNLIMITED = "unlimited"


def limited_as(group: RateGroup) -> Options:
    """Declares a router's or handler's group: `Router("/sync", opt=limited_as(RateGroup.SYNC), ...)`."""
    return option(group)


def group_of(handler: BaseRouteHandler) -> RateGroup:
    """The group that the handler or a router around it names."""
    return declared(handler, RateGroup) or RateGroup.API


def group_limits(settings: Settings) -> dict[RateGroup, RateLimitItem]:
    """The limit of each group for one client."""
    return {
        RateGroup.SYNC: RateLimitItemPerMinute(settings.sync_requests_per_minute),
        RateGroup.LOGIN: RateLimitItemPerMinute(settings.login_requests_per_minute),
        RateGroup.API: RateLimitItemPerMinute(settings.api_requests_per_minute),
        RateGroup.PAGES: RateLimitItemPerMinute(settings.page_requests_per_minute),
        RateGroup.WEBHOOKS: RateLimitItemPerMinute(settings.webhook_requests_per_minute),
    }
