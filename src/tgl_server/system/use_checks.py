"""What the database tells of how the server is used: are pulls done, and does it see its clients or only a proxy?"""

from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit

from tgl_server.http.client_address import parse_address
from tgl_server.settings import Settings
from tgl_server.system.check import Check, Level
from tgl_server.system.state import UseState

_LONG_WAIT_SECONDS: Final = 600.0
_SHOWN: Final = 3


def pulls_check(use: UseState) -> Check:
    """Whether somebody does the pulls that are due."""
    if not use.pulled_repos:
        return Check("Pulls", Level.OK, "No repository is pulled")
    found = f"{use.pulled_repos} repositories are pulled by {use.pull_workers} workers"
    if not use.pull_workers:
        finding = (
            f"{use.pulled_repos} repositories are to be pulled, and no worker has given a sign of life for a minute"
        )
        return Check("Pulls", Level.BAD, finding, "Start tgl-server worker --no-broker, or look into its log.")
    if use.longest_wait_seconds < _LONG_WAIT_SECONDS:
        return Check("Pulls", Level.OK, found)
    finding = f"{found}; one has been due for {use.longest_wait_seconds / 60:.0f} minutes"
    return Check("Pulls", Level.WARN, finding, "Start more workers, or raise their --children.")


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
