"""The two codes of a login: a secret for the machine, and a short one that people read and type."""

import hashlib
import secrets
from typing import Final

#: Not `tgl_`, so that nobody takes it for an API key.
MARK: Final = "tgld_"

# Without vowels it spells no words, and has no pair of letters and digits that look alike (RFC 8628, section 6.1).
# 20 letters at 8 places are 25 billion codes.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH = 8
_BYTES = 32
_SPACING = frozenset("- \t\u2010\u2011\u2012\u2013\u2014\u2212")


def new_device_code() -> str:
    """A new secret for the machine."""
    return MARK + secrets.token_urlsafe(_BYTES)


def new_user_code() -> str:
    """A new code for people, as it is shown: `BCDF-GHJK`."""
    return shown("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)))


def normalised(text: str) -> str | None:
    """A code as it is shown, from what somebody has typed: any case, any dashes or spaces; None for what is none."""
    letters = "".join(sign for sign in text[:100].upper() if sign not in _SPACING)
    return shown(letters) if len(letters) == _LENGTH and set(letters) <= set(_LETTERS) else None


def shown(letters: str) -> str:
    """The letters in two groups."""
    return f"{letters[: _LENGTH // 2]}-{letters[_LENGTH // 2 :]}"


def digest(code: str) -> bytes:
    """What the database has of a code."""
    return hashlib.sha256(code.encode(errors="replace")).digest()
