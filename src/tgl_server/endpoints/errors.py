"""The refusals of requests about endpoints that have codes of their own."""

from tgl_server.errors import Conflict


class TooManyEndpoints(Conflict):
    """This project has as many endpoints as it may; delete one that is no longer in use."""

    code = "too_many_endpoints"


class EndpointOff(Conflict):
    """This endpoint is switched off; switch it on first."""

    code = "endpoint_off"
