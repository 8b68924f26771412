"""The addresses that the server may connect to, and the names that it may resolve.

A remote's address is written by people who need not be the operator, so the server could be led to services that only
it can reach. Therefore all answers of the DNS must be allowed, whoever fails to resolve a name refuses it, and the
connection is made to an address that was checked: never to the name again.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import structlog
from msgspec import Struct

log = structlog.get_logger()

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
#: From a host to its addresses as text; raises OSError where there are none.
Resolver = Callable[[str], Awaitable[Sequence[str]]]

_RESOLVE_SECONDS = 20

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = IPv6Network("::/96")
# `is_global` says yes to these: protocol assignments, the anycast of 6to4, and where Azure's machines find their host.
_NOT_HOSTS = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv4Network("168.63.129.16/32"))


class Unresolved(Exception):
    """The name has no address now."""


class NotAllowed(Exception):
    """The server does not connect there; the message says why, as the end of a sentence about the host."""


class Reach(Struct, frozen=True):
    """The operator's exceptions: networks, and hosts (`git.corp.example`, `*.corp.example`) with private addresses."""

    networks: tuple[Network, ...] = ()
    hosts: tuple[str, ...] = ()

    def names(self, host: str) -> bool:
        """True for a host that the operator has named."""
        return any(fnmatchcase(host.lower(), pattern.lower()) for pattern in self.hosts)


async def system_resolver(host: str) -> Sequence[str]:
    """The addresses by the system's resolver, in its order."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


async def allowed_addresses(host: str, reach: Reach, resolve: Resolver = system_resolver) -> tuple[Address, ...]:
    """The addresses of a host, all of them allowed; raises `Unresolved` or `NotAllowed`."""
    try:
        async with asyncio.timeout(_RESOLVE_SECONDS):
            answers = await resolve(host)
        # A scope, as in fe80::1%eth0, says which of this machine's networks: such an address is never another's.
        found = tuple(ip_address(answer.partition("%")[0]) for answer in answers)
    except (OSError, UnicodeError, ValueError, TimeoutError) as error:
        raise Unresolved(str(error)) from None
    if not found:
        raise Unresolved("no address")
    for address in found:
        check_address(address, host, reach)
    return found


def check_address(address: Address, host: str, reach: Reach) -> None:
    """Raises `NotAllowed` for an address that is not public, unless the operator has opened it.

    The address is for the operator's log alone: whoever wrote the host must not learn from us what the DNS here says.
    """
    inner = unwrapped(address)
    if any(each in network for network in reach.networks for each in (address, inner)):
        return
    if is_public(address) or (reach.names(host) and is_private(inner)):
        return
    log.warning("address_not_allowed", host=host, address=str(address))
    raise NotAllowed("it is not a public address")


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where a gateway or the system would connect to that."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """True for a unicast address of the internet."""
    inner = unwrapped(address)
    if isinstance(inner, IPv6Address):
        return inner in _GLOBAL_UNICAST and inner.is_global
    return inner.is_global and not (inner.is_multicast or inner.is_reserved or _is_no_host(inner))


def is_private(address: Address) -> bool:
    """True for an address of this machine or of its networks that a host may have; not for what only a link knows."""
    nobody = address.is_multicast or address.is_unspecified or address.is_link_local or _is_no_host(address)
    return not nobody and (not address.is_reserved or address.is_loopback)


def _is_no_host(address: Address) -> bool:
    return any(address in network for network in _NOT_HOSTS)
