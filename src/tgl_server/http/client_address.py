"""The client's address, by which limits, audit log and usage counters identify where a request comes from.

The client is the peer, unless the peer is one of `TRUSTED_PROXIES`: then it is the rightmost address of
`X-Forwarded-For` that is not itself a trusted proxy. Everything left of that one was written by the client, who
may write anything. `Forwarded` is not read: if two headers counted, a client would set the one that the proxy does
not overwrite. docs/decisions/client-address.md has the reasons.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from tgl_protocol.visible import visible
from tgl_server.http.request_context import context_of
from tgl_server.logs.masking import mask_client_text

AnyConnection = ASGIConnection[Any, Any, Any, Any]
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORWARDED_FOR = b"x-forwarded-for"
_MAX_USER_AGENT = 300
_CLIENT_BITS = 64  # of an IPv6 address: the smallest network that one customer gets


class Origin(Struct, frozen=True):
    """The origin of a request, for the audit log; `ip` is the client's address as text, None on a Unix socket."""

    ip: str | None
    user_agent: str | None
    request_id: str


def origin_of(connection: AnyConnection) -> Origin:
    """The origin of a request, its user agent masked and cut."""
    agent = connection.headers.get("user-agent")
    return Origin(
        ip=client_ip(connection.scope),
        user_agent=visible(mask_client_text(agent, _MAX_USER_AGENT))[:_MAX_USER_AGENT] if agent else None,
        request_id=context_of(connection.scope).request_id,
    )


def client_ip(scope: Scope) -> str | None:
    """The client's address, as the middleware `find_clients` has set it."""
    client = scope["client"]
    return client[0] if client else None


def network_of(ip: str | None) -> str:
    """The network that counts as one client: an IPv4 address, or an IPv6 /64, whose owner chooses addresses freely."""
    address = parse_address(ip) if ip else None
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> _CLIENT_BITS << _CLIENT_BITS, _CLIENT_BITS)))
    return str(address)


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks of the setting TRUSTED_PROXIES, which was checked at start."""
    return tuple(ip_network(text) for text in texts)


def find_clients(app: ASGIApp, trusted: tuple[Network, ...]) -> ASGIApp:
    """Middleware: replaces a proxy's address by the client's, so that no other code has to know about proxies."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope["client"] if scope["type"] == ScopeType.HTTP else None
        if peer:
            forwarded = [value for name, value in scope["headers"] if name == _FORWARDED_FOR] if trusted else []
            scope["client"] = (resolve_client(peer[0], forwarded, trusted), peer[1])
        await app(scope, receive, send)

    return middleware


def resolve_client(peer: str, forwarded: list[bytes], trusted: tuple[Network, ...]) -> str:
    """The client's address, given the values of `X-Forwarded-For` in their order.

    If a trusted proxy reports something that is no address, that proxy itself counts as the client.
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
    """The address in a text as proxies write it: `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`.

    An IPv4 address inside an IPv6 one (`::ffff:192.0.2.1`, as a dual-stack socket reports it) is the IPv4 one.
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
