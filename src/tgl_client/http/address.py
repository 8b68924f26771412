"""Addresses: of the server, and of a repository on it. Pure."""

from ipaddress import ip_address
from urllib.parse import SplitResult, quote, urlsplit

from msgspec import Struct

from tgl_client.errors import ConfigError, InsecureUrlError
from tgl_protocol import http

_USUAL_PORTS = {"http": 80, "https": 443}


class ServerUrl(Struct, frozen=True):
    """A checked address without a trailing slash; a path prefix of a reverse proxy is kept."""

    base: str
    is_loopback: bool

    def api(self, path: str) -> str:
        """The address of an endpoint."""
        return f"{self.base}{http.API_PREFIX}{path}"

    def __str__(self) -> str:
        return self.base


class Target(Struct, frozen=True):
    """A repository on the server: project by slug or UUID, repository by name or UUID."""

    project: str
    repo: str

    @property
    def path(self) -> str:
        """The repository's own path."""
        return f"{self.project_path}/repos/{quote(self.repo, safe='')}"

    @property
    def project_path(self) -> str:
        """The path of its project."""
        return f"/projects/{quote(self.project, safe='')}"

    @property
    def sync_path(self) -> str:
        """The path of the push endpoints."""
        return f"/sync{self.path}"

    def __str__(self) -> str:
        return f"{self.project}/{self.repo}"


def parse_server_url(text: str) -> ServerUrl:
    """Check an address before a key is sent there; plain http is for loopback only.

    All spellings of an address give the same one, as keys are kept by it.
    """
    base = text.strip().rstrip("/").removesuffix(http.API_PREFIX).rstrip("/")
    parts = _split(base)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"{text!r} is not the address of a server", hint="it looks like https://league.example.com")
    if parts.username or parts.password:
        raise ConfigError("the server's address holds a user name or password", hint="remove it; TGL uses API keys")
    loopback = is_loopback(parts.hostname)
    if parts.scheme == "http" and not loopback:
        raise InsecureUrlError(f"{base} is not encrypted, so no API key is sent there")
    place = parts.netloc.lower().removesuffix(":").removesuffix(f":{_USUAL_PORTS[parts.scheme]}")
    return ServerUrl(f"{parts.scheme}://{place}{parts.path}", loopback)


def _split(text: str) -> SplitResult | None:
    """The parts of an address; None where one of them cannot be: a port of 81234, a host of `[::1`, a name too long."""
    try:
        parts = urlsplit(text)
        is_possible = parts.port != 0 and text.isprintable() and parts.path.isascii() and not {" ", "\\"} & set(text)
        (parts.hostname or "").encode("idna")
    except ValueError:
        return None
    return parts if is_possible else None


def is_loopback(host: str) -> bool:
    """True for a name that can only mean this machine (RFC 6761 reserves `localhost` and below)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
