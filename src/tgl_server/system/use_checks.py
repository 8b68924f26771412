"""What the database tells of how the server is used: does it see its clients, or only a proxy?"""

from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit

from tgl_server.http.client_address import parse_address
from tgl_server.settings import Settings
from tgl_server.system.check import Check, Level
from tgl_server.system.state import UseState

_SHOWN: Final = 3


def clients_check(use: UseState, settings: Settings) -> Check:
    """Whether the addresses of clients are theirs, and not a proxy's; limits and the audit log hang on them."""
    seen = use.clients
    if not seen:
        return Check("Clients", Level.OK, "None was recorded in the last day")
    trusted = [ip_network(text) for text in settings.trusted_proxies]
    addresses = [address for text in seen if (address := parse_address(text)) is not None]
    if addresses and all(any(address in network for network in trusted) for address in addresses):
        finding = f"All of the last day have the address of a trusted proxy: {_some(seen)}"
        return Check("Clients", Level.WARN, finding, "Let the proxy set X-Forwarded-For to the address of its client.")
    if not trusted and _is_published(settings) and all(address.is_loopback for address in addresses):
        finding = f"All of the last day have an address of this machine: {_some(seen)}"
        return Check("Clients", Level.WARN, finding, "Name the proxy in TRUSTED_PROXIES, and restart the server.")
    return Check("Clients", Level.OK, f"Addresses of the last day: {_some(seen)}")


def _is_published(settings: Settings) -> bool:
    """True where PUBLIC_URL names another machine's view of this server."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    address = parse_address(host)
    return host != "localhost" and not (address is not None and address.is_loopback)


def _some(texts: tuple[str, ...]) -> str:
    more = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
