"""The headers of answers, for the document."""

from typing import Any

from tgl_protocol.http import REQUEST_ID_HEADER


def _header(description: str, example: str | int) -> dict[str, Any]:
    type_ = "integer" if isinstance(example, int) else "string"
    return {"description": description, "schema": {"type": type_}, "example": example}


ANSWER_HEADERS: dict[str, Any] = {
    REQUEST_ID_HEADER: _header("Names this request in the server's log", "019c2f6e9d3c7e5f8a0b1c2d3e4f5061"),
    "RateLimit-Limit": _header("Requests that a client has in a minute for this group of endpoints", 100),
    "RateLimit-Remaining": _header("How many of them are left", 99),
    "RateLimit-Reset": _header("Seconds until one more is free", 60),
    "Retry-After": _header("Seconds to wait before the next try", 5),
    "WWW-Authenticate": _header("How to authenticate", 'Bearer realm="thegitleague"'),
    "Accept-Encoding": _header("The encodings that a body may have, if its Content-Encoding was refused", "gzip, zstd"),
    "ETag": _header("Names this state of the answer, for `If-None-Match`", 'W/"5f2b51ca2fdc5baa31ec02e002f69aec"'),
    "Location": _header("The path of what was or is made", "/api/v1/api-keys/019c2f6e-8c2b-7d4e-8f50-1b2c3d4e5f60"),
    "Content-Disposition": _header("The name of the file, for an export", 'attachment; filename="audit-log.csv"'),
}
UNCHANGED: dict[str, Any] = {
    "description": "The answer is the one that `If-None-Match` names.",
    "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in (REQUEST_ID_HEADER, "ETag")},
}
RATE_HEADERS = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]


def answer_headers(*, is_limited: bool, is_file: bool, is_located: bool, has_tag: bool) -> dict[str, Any]:
    """The headers of an answer that is not a refusal."""
    optional = (("Content-Disposition", is_file), ("Location", is_located), ("ETag", has_tag))
    names = [REQUEST_ID_HEADER, *(RATE_HEADERS if is_limited else []), *(name for name, is_sent in optional if is_sent)]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
