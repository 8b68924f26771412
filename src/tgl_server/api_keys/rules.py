"""Rules for the fields and the state of an API key. Pure: values in, values or a 422 error out."""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network

from tgl_protocol.api_keys import KeyState
from tgl_protocol.problem import FieldError
from tgl_server.auth.principal import Scope
from tgl_server.errors import InvalidBody

_MAPPED = IPv6Network("::ffff:0:0/96")


def parse_scopes(given: str | Sequence[str]) -> frozenset[Scope]:
    """The scopes in `"sync:commits,read:repos"` or a list of them; raises a 422 error unless there is at least one."""
    words = given.split(",") if isinstance(given, str) else given
    try:
        scopes = frozenset(Scope(word.strip()) for word in words if word.strip())
    except ValueError:
        scopes = frozenset()
    if not scopes:
        raise _invalid("scopes", f"Expected some of {', '.join(Scope)}")
    return scopes


def parse_networks(given: Sequence[str]) -> list[str]:
    """The networks in CIDR form, each once; an address is a network of one. IPv4 written as IPv6 becomes IPv4."""
    networks = dict.fromkeys(str(_network(index, text)) for index, text in enumerate(given))
    return list(networks)


def _network(index: int, text: str) -> IPv4Network | IPv6Network:
    try:
        if "%" in text:  # a zone is valid on one machine only, and PostgreSQL knows none
            raise ValueError
        network = ip_network(text.strip())
    except ValueError:
        message = "Expected a network like 203.0.113.0/24 or 2001:db8::/32, without bits beside the prefix"
        raise _invalid(f"networks[{index}]", message) from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        return IPv4Network((int(mapped or 0), network.prefixlen - _MAPPED.prefixlen))
    return network


def key_state(*, is_active: bool, expires_at: datetime | None, revoked_at: datetime | None, now: datetime) -> KeyState:
    """The state of a key; a final one (revoked, expired) comes before one that can be undone."""
    if revoked_at is not None:
        return KeyState.REVOKED
    if expires_at is not None and expires_at <= now:
        return KeyState.EXPIRED
    return KeyState.ACTIVE if is_active else KeyState.INACTIVE


def overlap_end(old_expiry: datetime | None, overlap_end: datetime) -> datetime:
    """The new expiry of a rotated key: never later than the old one."""
    return overlap_end if old_expiry is None else min(old_expiry, overlap_end)


def _invalid(field: str, message: str) -> InvalidBody:
    return InvalidBody(errors=[FieldError(message, field=field)])
