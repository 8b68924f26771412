"""Credentials in the addresses of remotes, where the older system let people write them. Pure."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit


class Address(NamedTuple):
    """An address without credentials, and those that it had."""

    url: str
    username: str | None = None
    secret: str | None = None


def cut_credentials(url: str) -> Address:
    """An address of https without user and password; a user alone is a token, as forges take it."""
    try:
        parts = urlsplit(url)
        user, password, host, port = parts.username, parts.password, parts.hostname, parts.port
    except ValueError:
        return Address(url)
    if parts.scheme not in ("http", "https") or not host or (user is None and password is None):
        return Address(url)
    place = f"[{host}]" if ":" in host else host
    plain = urlunsplit(parts._replace(netloc=place if port is None else f"{place}:{port}"))
    if password:
        return Address(plain, unquote(user) if user else None, unquote(password))
    return Address(plain, None, unquote(user) if user else None)
