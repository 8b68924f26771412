"""The address of the broker: how Celery spells it, and what people may see of it. Pure."""

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

#: Our spellings, those of RATE_LIMIT_STORAGE, and Celery's: it knows no Valkey, which speaks the same protocol.
SPELLINGS: Final = {
    "redis": "redis",
    "valkey": "redis",
    "rediss": "rediss",
    "valkeys": "rediss",
    "redis+unix": "redis+socket",
    "valkey+unix": "redis+socket",
}


def celery_url(url: str) -> str:
    """The address as Celery wants it; a socket's database is called `virtual_host` there."""
    scheme, _, rest = url.partition("://")
    found = SPELLINGS[scheme]
    if found != "redis+socket":
        return f"{found}://{rest}"
    where, _, query = rest.partition("?")
    options = urlencode([("virtual_host" if name == "db" else name, value) for name, value in parse_qsl(query)])
    return f"{found}://{where}?{options}" if options else f"{found}://{where}"


def shown_broker(url: str) -> str:
    """The address for people: without its user, its password and its options, which may hold one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
