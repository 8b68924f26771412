"""Where the server is, and which repository there is meant. Pure."""

from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from msgspec import Struct

from tgl_client.errors import ConfigError, InsecureUrlError
from tgl_protocol import http


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
    """Check an address before a key is sent there; plain http is for loopback only."""
    base = text.strip().rstrip("/").removesuffix(http.API_PREFIX)
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"{text!r} is not the address of a server", hint="it looks like https://league.example.com")
    if parts.username or parts.password:
        raise ConfigError("the server's address holds a user name or password", hint="take it out; TGL uses API keys")
    loopback = is_loopback(parts.hostname)
    if parts.scheme == "http" and not loopback:
        raise InsecureUrlError(f"{base} is not encrypted, so no API key is sent there")
    return ServerUrl(base, loopback)


def is_loopback(host: str) -> bool:
    """Whether the name can only mean this machine (RFC 6761 reserves `localhost` and below)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
