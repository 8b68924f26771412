"""The checks of where the server may connect to: to fetch, and to send events."""

import ssl
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from tgl_server.settings.bad_setting import BadSetting
from tgl_server.settings.model import Settings


def check_pull(settings: Settings) -> None:
    """Raises `BadSetting` for networks, folders, a proxy or authorities that cannot be meant."""
    for text in settings.pull_allowed_networks:
        _check_network("PULL_ALLOWED_NETWORKS", text, "remotes")
    for text in settings.endpoints_allowed_networks:
        _check_network("ENDPOINTS_ALLOWED_NETWORKS", text, "receivers")
    for root in settings.pull_local_roots:
        if not Path(root).is_absolute() or Path(root) == Path(root).parent:
            raise BadSetting(f"PULL_LOCAL_ROOTS has {root!r}; name folders by their whole paths, and not all of them")
    if settings.pull_ca_file and not Path(settings.pull_ca_file).is_file():
        raise BadSetting(f"PULL_CA_FILE={settings.pull_ca_file} is no file; name one with certificates in PEM")
    _check_authorities(settings.endpoints_ca_file)
    _check_proxy(settings.pull_proxy)


def _check_network(name: str, text: str, those: str) -> None:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise BadSetting(f"{name} has {text!r}: {error}; write networks like 10.0.0.0/8") from None
    if network.prefixlen == 0:
        raise BadSetting(f"{name} has {text}, which is everything; name the networks of your {those}")


def _check_authorities(file: str) -> None:
    try:
        ssl.create_default_context(cafile=file or None)
    except (OSError, ssl.SSLError) as error:
        raise BadSetting(
            f"ENDPOINTS_CA_FILE={file} cannot be used: {error}; name one with certificates in PEM"
        ) from None


def _check_proxy(url: str) -> None:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise BadSetting("PULL_PROXY must be the http:// or https:// address of a proxy")
