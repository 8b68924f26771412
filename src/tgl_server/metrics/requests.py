"""The metrics of requests, by the template of their route, so that no path becomes a label as it was sent."""

from litestar.types import HTTPScope

from tgl_server.metrics.definitions import HTTP_REQUESTS, HTTP_SECONDS, counter, histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_request(scope: HTTPScope, status: int, seconds: float | None) -> None:
    """Count a finished request; `status` is 0 if its connection was cut before the answer began.

    `seconds` is None for an answer that went on for as long as somebody listened.
    """
    route = scope.get("path_template") or "unmatched"
    method = scope["method"] if scope["method"] in METHODS else "other"
    counter(HTTP_REQUESTS, route, method, str(status)).inc()
    if seconds is not None:
        histogram(HTTP_SECONDS, route, method).observe(seconds)
