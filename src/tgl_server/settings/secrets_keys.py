"""The keys that secrets in the database are sealed with: from a variable, a file, or both."""

import base64
import binascii
from pathlib import Path

import msgspec

from tgl_server.settings.bad_setting import BadSetting
from tgl_server.settings.model import Settings

_KEY_BYTES = 32


def with_keys_of_file(settings: Settings) -> Settings:
    """The settings with the keys of `SECRETS_KEYS_FILE` behind those of `SECRETS_KEYS`; raises `BadSetting`."""
    if not settings.secrets_keys_file:
        return settings
    try:
        found = Path(settings.secrets_keys_file).expanduser().read_text().replace(",", " ").split()
    except (OSError, UnicodeDecodeError):
        raise BadSetting(
            f"SECRETS_KEYS_FILE={settings.secrets_keys_file} cannot be read; name a file with a key on each line"
        ) from None
    if not found:
        raise BadSetting(
            f"SECRETS_KEYS_FILE={settings.secrets_keys_file} is empty; `tgl-server secrets new-key` makes a key"
        )
    return msgspec.structs.replace(settings, secrets_keys=(*settings.secrets_keys, *found))


def check_secrets_keys(settings: Settings) -> None:
    """Raises `BadSetting` for a key that is none; the message has its number, and not the key."""
    for number, key in enumerate(settings.secrets_keys, 1):
        try:
            found = base64.b64decode(key, altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            found = b""
        if len(found) != _KEY_BYTES:
            raise BadSetting(f"SECRETS_KEYS: key {number} is not valid; make one with: tgl-server secrets new-key")
