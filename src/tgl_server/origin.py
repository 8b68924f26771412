"""Where a request comes from: what the limits, the audit log and the usage counters go by.

The client is the peer, unless the peer is one of `TRUSTED_PROXIES`: then it is the rightmost address of
`X-Forwarded-For` that is not itself a trusted proxy. Everything left of that one was written by the client, who
may write anything. `Forwarded` is not read: where two headers count, a client sets the one that the proxy leaves
alone. docs/decisions/client-address.md has the reasons.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

AnyConnection = ASGIConnection[Any, Any, Any, Any]
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORWARDED_FOR = b"x-forwarded-for"
_MAX_USER_AGENT = 300
_CLIENT_BITS = 64  # of an IPv6 address: what one customer gets at the least


class Origin(Struct, frozen=True):
    """`ip` is the client's address as text, None on a Unix socket."""

    ip: str | None
    user_agent: str | None
    request_id: str


def origin_of(connection: AnyConnection) -> Origin:
    """Read from the connection; the request id was set by `tgl_server.request_log`."""
    agent = connection.headers.get("user-agent")
    return Origin(
        ip=client_ip(connection.scope),
        user_agent=agent[:_MAX_USER_AGENT].replace("\x00", "") if agent else None,
        request_id=request_id_of(connection),
    )


def request_id_of(connection: AnyConnection) -> str:
    """The id that the answer's `X-Request-Id` carries."""
    return str(connection.scope.get("state", {}).get("request_id", ""))


def client_ip(scope: Scope) -> str | None:
    """The client's address, as `find_clients` left it."""
    client = scope["client"]
    return client[0] if client else None


def network_of(ip: str | None) -> str:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 address, which its owner can spend freely."""
    address = parse_address(ip) if ip else None
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> _CLIENT_BITS << _CLIENT_BITS, _CLIENT_BITS)))
    return str(address)


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The setting TRUSTED_PROXIES, which was checked at start."""
    return tuple(ip_network(text) for text in texts)


def find_clients(app: ASGIApp, trusted: tuple[Network, ...]) -> ASGIApp:
    """Middleware: puts the client's address where the proxy's is, so that nobody else has to know about proxies."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope["client"] if scope["type"] == ScopeType.HTTP else None
        if peer:
            forwarded = [value for name, value in scope["headers"] if name == _FORWARDED_FOR] if trusted else []
            scope["client"] = (resolve_client(peer[0], forwarded, trusted), peer[1])
        await app(scope, receive, send)

    return middleware


def resolve_client(peer: str, forwarded: list[bytes], trusted: tuple[Network, ...]) -> str:
    """The client's address, given the values of `X-Forwarded-For` in their order.

    Where a trusted proxy reports something that is no address, that proxy itself is the last one we know.
    """
    client = parse_address(peer)
    if client is None:
        return peer
    hops = b",".join(forwarded).decode("latin-1").split(",") if forwarded else []
    while hops and _is_trusted(client, trusted):
        reported = parse_address(hops.pop())
        if reported is None:
            break
        client = reported
    return str(client)


@lru_cache(maxsize=1024)
def parse_address(text: str) -> Address | None:
    """An address as proxies write it: `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`.

    An IPv4 address inside of an IPv6 one (`::ffff:192.0.2.1`, what a dual-stack socket reports) is the IPv4 one.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address, trusted: tuple[Network, ...]) -> bool:
    return any(address in network for network in trusted)
