"""The address of the broker: from a variable, or from a file, as it may hold a password."""

from pathlib import Path
from typing import Final

import msgspec

from tgl_server.settings.bad_setting import BadSetting
from tgl_server.settings.model import Settings

BROKERS: Final = ("redis", "rediss", "redis+unix", "valkey", "valkeys", "valkey+unix")


def with_broker_of_file(settings: Settings) -> Settings:
    """The settings with the address that is in `BROKER_URL_FILE`; raises `BadSetting`."""
    if not settings.broker_url_file:
        return settings
    if settings.broker_url:
        raise BadSetting("BROKER_URL and BROKER_URL_FILE are both set; keep one of them")
    try:
        found = Path(settings.broker_url_file).expanduser().read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise BadSetting(
            f"BROKER_URL_FILE={settings.broker_url_file} cannot be read; name a file with one address in it"
        ) from None
    if not found:
        raise BadSetting(
            f"BROKER_URL_FILE={settings.broker_url_file} is empty; write an address like redis://host:6379/0"
        )
    return msgspec.structs.replace(settings, broker_url=found)


def check_broker(settings: Settings) -> None:
    """Raises `BadSetting` for an address that cannot be meant, without showing it: it may hold a password."""
    if not settings.broker_url:
        return
    scheme, separator, where = settings.broker_url.partition("://")
    if scheme not in BROKERS or not separator:
        raise BadSetting(f"BROKER_URL must begin with one of {', '.join(BROKERS)}, then ://")
    if not where.rpartition("@")[2].strip("/"):
        raise BadSetting(f"BROKER_URL names no server; write it like {scheme}://broker.example:6379/0")
    if any(character.isspace() for character in where):
        raise BadSetting(
            "BROKER_URL has a space or a line break in it; write one address, and special characters as %20"
        )
