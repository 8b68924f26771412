"""Counting requests by the template of their route, so that no path that was sent becomes a label."""

from litestar.types import HTTPScope

from tgl_server.metrics.definitions import HTTP_REQUESTS, HTTP_SECONDS, counter, histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_request(scope: HTTPScope, status: int, seconds: float) -> None:
    """Once a request is over; `status` is 0 when its connection was cut before the answer began."""
    route = scope.get("path_template") or "unmatched"
    method = scope["method"] if scope["method"] in METHODS else "other"
    counter(HTTP_REQUESTS, route, method, str(status)).inc()
    histogram(HTTP_SECONDS, route, method).observe(seconds)
