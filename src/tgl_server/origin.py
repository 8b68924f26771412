"""Where a request comes from: what the audit log and the usage counters write down."""

from typing import Any

from litestar.connection import ASGIConnection
from msgspec import Struct

AnyConnection = ASGIConnection[Any, Any, Any, Any]

_MAX_USER_AGENT = 300


class Origin(Struct, frozen=True):
    """`ip` is the client's address as text, None on a Unix socket."""

    ip: str | None
    user_agent: str | None
    request_id: str


def origin_of(connection: AnyConnection) -> Origin:
    """Read from the connection; the request id was set by `tgl_server.request_log`."""
    client = connection.client
    agent = connection.headers.get("user-agent")
    return Origin(
        ip=client.host if client else None,
        user_agent=agent[:_MAX_USER_AGENT].replace("\x00", "") if agent else None,
        request_id=request_id_of(connection),
    )


def request_id_of(connection: AnyConnection) -> str:
    """The id that the answer's `X-Request-Id` carries."""
    return str(connection.scope.get("state", {}).get("request_id", ""))
