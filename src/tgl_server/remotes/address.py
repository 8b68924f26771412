"""A remote's address, taken apart, checked, and put together again: git never sees the text that somebody wrote."""

import asyncio
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from tgl_history.naming import without_credentials
from tgl_server.outbound.addresses import Address, NotAllowed, Unresolved, allowed_addresses
from tgl_server.remotes.errors import Reason, RemoteRefused, RemoteUnreachable
from tgl_server.remotes.policy import RemotePolicy

_CONNECT_SECONDS = 10
# A name may have hundreds of addresses, by the will of whoever wrote it, each of which would be waited for.
_MOST_TRIED = 6

_SCP = re.compile(r"(?:(?P<user>[^@/:]+)@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>[^:].*)")
_HOST = re.compile(r"(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
# The system's resolver takes 127.1, 0x7f000001 and 2130706433 for addresses, each library in its own way.
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
# Some libraries take a backslash for a slash.
_PLAIN = re.compile(r"[^\x00-\x20\x7f\\]+")


class Scheme(StrEnum):
    HTTPS = "https"
    HTTP = "http"
    SSH = "ssh"
    FILE = "file"


_PORTS = {Scheme.HTTPS: 443, Scheme.HTTP: 80, Scheme.SSH: 22}


class Place(Struct, frozen=True, kw_only=True):
    """A remote, taken apart; `url` is made of the parts, and is what git is given."""

    scheme: Scheme
    url: str
    host: str = ""
    port: int = 0
    user: str | None = None

    @property
    def origin(self) -> str:
        """What git asks credentials for, and what host keys belong to: scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def __str__(self) -> str:
        return without_credentials(self.url)


def parse(url: str, policy: RemotePolicy) -> Place:
    """The place that a URL names; raises `RemoteRefused` for one that this server never fetches."""
    if not _PLAIN.fullmatch(url):
        _refuse(url, "contains a space, a backslash or a control character", "correct the repository's git_url")
    if url.startswith("/") or url.lower().startswith("file:"):
        return _local(url, policy)
    if "://" in url:
        return _split(url, policy)
    found = _SCP.fullmatch(url)
    # Without a user or a dot it could as well be a drive, or another scheme.
    if found is None or not (found["user"] or "." in found["host"]):
        return _refuse(url, "is no address of a remote", "write it like https://host/path.git or git@host:path.git")
    user, host = found["user"] or "git", _host(url, found["host"])
    path = found["path"]
    _check_ssh(url, user, path)
    return Place(scheme=Scheme.SSH, url=f"{user}@{host}:{path}", host=host, port=22, user=user)


def _split(url: str, policy: RemotePolicy) -> Place:
    try:
        parts = urlsplit(url)
        scheme, port = Scheme(parts.scheme.lower()), parts.port
    except ValueError:
        return _refuse(url, "is not fetched by this server", "use https:// or ssh://")
    if scheme is Scheme.HTTP and not policy.allow_http:
        _refuse(url, "is not encrypted", "use https://, or set PULL_ALLOW_HTTP where the network is trusted")
    if parts.password is not None or parts.query or parts.fragment:
        _refuse(url, "contains a password, a query or a fragment", "remove it, and store the credentials of their own")
    host, port = _host(url, parts.hostname or ""), port or _PORTS[scheme]
    if port not in {_PORTS[scheme], *policy.ports}:
        _refuse(url, f"names the port {port}", "use the usual port, or add this one to PULL_ALLOWED_PORTS")
    user = unquote(parts.username) if parts.username else None
    if scheme is Scheme.SSH:
        _check_ssh(url, user or "git", parts.path)
        user = user or "git"
    where = f"[{host}]" if ":" in host else host
    where += f":{port}" if port != _PORTS[scheme] else ""
    prefix = f"{user}@" if scheme is Scheme.SSH else ""
    made = f"{scheme}://{prefix}{where}{parts.path or '/'}"
    return Place(scheme=scheme, url=made, host=host, port=port, user=user)


def _check_ssh(url: str, user: str, path: str) -> None:
    if not _USER.fullmatch(user) or path.startswith("-"):
        _refuse(url, "has a user or a path that ssh could take for an option", "correct the repository's git_url")


def _host(url: str, host: str) -> str:
    """The host in the one spelling that all libraries read alike: lower case, ASCII, addresses in full."""
    with suppress(ValueError):
        if "%" not in host:  # the scope of an address, which is one of this machine's networks
            return ip_address(host).compressed
    try:
        plain = host.encode("idna").decode().lower()
    except UnicodeError:
        plain = ""
    if not _HOST.fullmatch(plain) or _NUMERIC.fullmatch(plain):
        _refuse(url, "has no valid host name", "write the whole name of the host, without a trailing dot")
    return plain


def _local(url: str, policy: RemotePolicy) -> Place:
    """A folder of this machine, by its real path, which must be below one of the operator's."""
    path = url
    if url.lower().startswith("file:"):
        if not url.lower().startswith("file:///"):
            _refuse(url, "is no path of this machine", "write it like file:///srv/git/app.git")
        path = unquote(url[len("file://") :])
    real = Path(os.path.realpath(path))
    roots = [Path(os.path.realpath(root)) for root in policy.local_roots]
    if not any(real.is_relative_to(root) for root in roots):
        _refuse(url, "is a path of the server", "use a remote's address, or add the folder to PULL_LOCAL_ROOTS")
    return Place(scheme=Scheme.FILE, url=os.fspath(real))


async def reachable(place: Place, policy: RemotePolicy) -> Address | None:
    """The checked address that answers first, which git and ssh then use; None where a proxy or a path needs none.

    All addresses of the name must be allowed. The connection is closed at once: it tells a remote that is away within
    seconds, where git would wait for minutes, and finds the working one of several addresses for ssh.
    """
    if place.scheme is Scheme.FILE:
        return None
    if policy.proxy and place.scheme is not Scheme.SSH:
        if not policy.reach.names(place.host):
            _refuse(str(place), "is behind the proxy", "add its host to PULL_ALLOWED_HOSTS")
        return None
    try:
        addresses = await allowed_addresses(place.host, policy.reach, policy.resolve)
    except NotAllowed as error:
        _refuse(str(place), f"leads to a place that this server does not connect to: {error}", _OPEN_UP)
    except Unresolved:
        raise RemoteUnreachable(
            f"the host {place.host} could not be resolved", "check the name, and the server's DNS", Reason.UNRESOLVED
        ) from None
    return await _first_answering(place, addresses)


_OPEN_UP = "if it is yours, the operator adds it to PULL_ALLOWED_NETWORKS or PULL_ALLOWED_HOSTS"


async def _first_answering(place: Place, addresses: Sequence[Address]) -> Address:
    for address in addresses[:_MOST_TRIED]:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(str(address), place.port)
        except (OSError, TimeoutError):
            continue
        writer.transport.abort()
        return address
    raise RemoteUnreachable(
        f"no connection to {place}",
        f"let this server connect to port {place.port} of {place.host}",
        Reason.NO_CONNECTION,
    )


def bracketed(address: Address) -> str:
    """The address as curl's host lists want it."""
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)


def _refuse(url: str, fault: str, remedy: str) -> NoReturn:
    raise RemoteRefused(f"{without_credentials(url)} {fault}", remedy, Reason.ADDRESS)
