"""The API key format: `tgl_` + 8 characters + `_` + at least 32 random characters + a 6-character checksum.

All characters are from `[A-Za-z0-9]`, so that one double click selects a key. The checksum lets both sides refuse a
typo before a request or a hash is made; it is no secret and protects nothing else.
"""

import re
import secrets
import string
import zlib
from typing import Final

from msgspec import Struct

KEY_MARK: Final = "tgl_"
ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase

_IDENTIFIER_LENGTH = 8
_RANDOM_LENGTH = 40  # 238 bits
_CHECKSUM_LENGTH = 6  # 62**6 is more than a CRC-32 can be
_MAX_LENGTH = 256
_SHAPE = re.compile(r"(tgl_[A-Za-z0-9]{8})_([A-Za-z0-9]{32,})[A-Za-z0-9]{6}")


class MalformedApiKeyError(ValueError):
    """This is not a TheGitLeague API key: it was cut off or mistyped."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class ApiKey(Struct, frozen=True):
    """A well-formed key, which never shows in a log: its `repr` has only the prefix."""

    prefix: str
    full_key: str

    def __repr__(self) -> str:
        return f"ApiKey({self.prefix}_...)"

    __str__ = __repr__


def looks_like_api_key(token: str) -> bool:
    """True for a bearer token that is meant to be a key, since it begins with `tgl_`; any other is a JWT."""
    return token.startswith(KEY_MARK)


def generate_api_key() -> ApiKey:
    """A new random key."""
    prefix = KEY_MARK + _random(_IDENTIFIER_LENGTH)
    body = f"{prefix}_{_random(_RANDOM_LENGTH)}"
    return ApiKey(prefix, body + checksum(body))


def parse_api_key(text: str) -> ApiKey:
    """Split a key and check its checksum; raises `MalformedApiKeyError` without echoing the text."""
    match = _SHAPE.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if match is None or checksum(text[:-_CHECKSUM_LENGTH]) != text[-_CHECKSUM_LENGTH:]:
        raise MalformedApiKeyError
    return ApiKey(match[1], text)


def checksum(body: str) -> str:
    """The checksum of an ASCII text: its CRC-32 in base 62, padded with zeros to six characters."""
    number = zlib.crc32(body.encode("ascii"))
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return digits


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
