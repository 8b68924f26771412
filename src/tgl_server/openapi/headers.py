"""The headers of answers."""

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
    "Accept-Encoding": _header(
        "What a body may be compressed with, where its Content-Encoding was refused", "gzip, zstd"
    ),
    "Content-Disposition": _header("The name of the file, for an export", 'attachment; filename="audit-log.csv"'),
}
RATE_HEADERS = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]


def answer_headers(*, is_limited: bool, is_file: bool) -> dict[str, Any]:
    """Of an answer that is no refusal."""
    names = [REQUEST_ID_HEADER, *(RATE_HEADERS if is_limited else []), *(["Content-Disposition"] if is_file else [])]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
