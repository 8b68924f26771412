"""Groups of routes that are counted together; a route belongs to the one that it or a router around it names."""

from enum import StrEnum

from limits import RateLimitItem, RateLimitItemPerMinute

from tgl_server.settings import Settings

# The key in a handler's or router's `opt`.
GROUP_OPTION = "rate_group"


class RateGroup(StrEnum):
    """A client's requests of one group share one limit, whatever their paths are."""

    SYNC = "sync"
    LOGIN = "login"
    API = "api"
    #: Asked by the machines that watch the service: never refused, as a refusal would have it restarted.
    UNLIMITED = "unlimited"


def limited_as(group: RateGroup) -> dict[str, RateGroup]:
    """For `opt=` of a router or handler: `Router("/sync", opt=limited_as(RateGroup.SYNC), ...)`."""
    return {GROUP_OPTION: group}


def group_limits(settings: Settings) -> dict[RateGroup, RateLimitItem]:
    """How much each group allows a client."""
    return {
        RateGroup.SYNC: RateLimitItemPerMinute(settings.sync_requests_per_minute),
        RateGroup.LOGIN: RateLimitItemPerMinute(settings.login_requests_per_minute),
        RateGroup.API: RateLimitItemPerMinute(settings.api_requests_per_minute),
    }
