"""Where each setting came from, as it may be shown: keys by their prefix, addresses without a password."""

import logging
import re
from typing import Final

from msgspec import Struct

from tgl_client.settings.lookup import DEFAULT, Setting
from tgl_client.settings.settings import Settings
from tgl_client.settings.source import Source
from tgl_protocol.keys import parse_api_key

_LOG: Final = logging.getLogger(__name__)
_CREDENTIALS: Final = re.compile(r"//[^/@]*@")


class OriginLine(Struct, frozen=True):
    """A setting and where its value comes from; a key shows its prefix only."""

    setting: str
    value: str
    origin: str


def origins_of(settings: Settings) -> list[OriginLine]:
    """A line for each setting and each repository."""
    rows: list[tuple[str, Setting[str | None] | Setting[int] | Setting[float | None]]] = [
        ("url", settings.url),
        ("project", settings.project),
        ("api_key", _masked(settings.api_key)),
        ("batch_size", settings.batch_size),
        ("max_retries", settings.max_retries),
        ("timeout", settings.timeout),
        ("jobs", settings.jobs),
        ("engine", settings.engine),
        ("update_notice", settings.update_notice),
    ]
    return [OriginLine(name, _shown(found.value), found.origin) for name, found in rows] + [
        OriginLine("repository", _shown(_whither(each)), each.origin) for each in settings.sources
    ]


def _whither(source: Source) -> str:
    project = source.project or "(no project)"
    return f"{source.name} -> {project}/{source.repo}" if source.repo else f"{source.name} -> {project}"


def log_origins(settings: Settings) -> None:
    """Log every setting, for `--debug`."""
    if _LOG.isEnabledFor(logging.DEBUG):
        for line in origins_of(settings):
            _LOG.debug("setting %s: %s (%s)", line.setting, line.value, line.origin)


def _shown(value: object) -> str:
    return "-" if value is None else _CREDENTIALS.sub("//***@", str(value))


def _masked(key: Setting[str | None]) -> Setting[str | None]:
    """The key as it may be shown: its prefix, which is public; nothing of a value that is no key."""
    if not key.value:
        return Setting(None, DEFAULT)
    try:
        return Setting(f"{parse_api_key(key.value).prefix}...", key.origin)
    except ValueError:
        return Setting("not an API key", key.origin)
