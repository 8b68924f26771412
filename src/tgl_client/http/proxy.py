"""The HTTP proxy that the environment names: HTTPS_PROXY or ALL_PROXY, but for the hosts of NO_PROXY.

aiohttp's own `trust_env` is not used: it does not know ALL_PROXY, and `~/.netrc` would replace the API key
(aio-libs/aiohttp#7131).
"""

import base64
from urllib.parse import unquote
from urllib.request import getproxies, proxy_bypass

from msgspec import Struct
from yarl import URL

from tgl_client import errors
from tgl_client.http.address import ServerUrl

_SCHEMES = ("http", "https")


class Proxy(Struct, frozen=True):
    """`url` has no credentials; they are in `headers`, which go to the proxy alone."""

    url: URL
    headers: dict[str, str]

    @property
    def name(self) -> str:
        """Host and port, for messages."""
        return self.url.authority


def proxy_for(server: ServerUrl) -> Proxy | None:
    """The proxy on the way to a server, None without one; raises `ConfigError` for what is no HTTP proxy."""
    url = URL(server.base)
    if server.is_loopback or proxy_bypass(url.host or ""):
        return None
    proxies = getproxies()
    text = proxies.get(url.scheme) or proxies.get("all")
    return _parsed(text) if text else None


def _parsed(text: str) -> Proxy:
    """As curl reads it: without a scheme it is http."""
    try:
        url = URL(text if "://" in text else f"http://{text}")
        user, password = url.user, url.password
    except ValueError:
        url, user, password = URL(), None, None
    if url.scheme not in _SCHEMES or not url.host:
        shown = url.with_user(None) if url.host else "that text"
        raise errors.ConfigError(
            f"the proxy {shown} is unsupported", hint="HTTPS_PROXY or ALL_PROXY must be the http:// address of a proxy"
        )
    credentials = f"{unquote(user or '')}:{unquote(password or '')}".encode()
    headers = {"Proxy-Authorization": f"Basic {base64.b64encode(credentials).decode()}"} if user is not None else {}
    return Proxy(url.with_user(None), headers)
