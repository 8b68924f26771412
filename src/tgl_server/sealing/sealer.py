"""Sealing and opening secrets with Fernet, whose keys rotate.

What a secret is for is sealed with it, and compared when it is opened: a text that somebody with access to the database
copies to another row opens nothing there. `f1:` names the scheme, so that another can follow.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from msgspec import Struct

from tgl_server.sealing.errors import NoSecretsKey, SecretMisplaced, SecretUnreadable

_SCHEME = "f1:"


class _Sealed(Struct):
    """The plaintext; `v` is its version."""

    v: int
    purpose: str
    owner: UUID
    content: dict[str, str]


class Sealer:
    """Seals with the first of the keys and opens with any; without keys, both raise `NoSecretsKey`."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None

    @property
    def has_key(self) -> bool:
        """True where secrets can be stored."""
        return self._fernet is not None

    def seal(self, purpose: str, owner: UUID, content: dict[str, str]) -> str:
        """The sealed text of a secret that serves one purpose of one owner, such as a repository."""
        plain = msgspec.json.encode(_Sealed(1, purpose, owner, content))
        return _SCHEME + self._keys().encrypt(plain).decode()

    def open(self, sealed: str, purpose: str, owner: UUID) -> dict[str, str]:
        """The content; raises `SecretUnreadable`, or `SecretMisplaced` if it was sealed for something else."""
        try:
            plain = self._keys().decrypt(sealed.removeprefix(_SCHEME))
        except InvalidToken:
            raise SecretUnreadable from None
        found = msgspec.json.decode(plain, type=_Sealed)
        if (found.v, found.purpose, found.owner) != (1, purpose, owner):
            raise SecretMisplaced
        return found.content

    def can_open(self, sealed: str) -> bool:
        """True if one of the keys opens a sealed text, whatever it is for; False without keys."""
        try:
            return self._fernet is not None and bool(self._fernet.decrypt(sealed.removeprefix(_SCHEME)))
        except InvalidToken:
            return False

    def renewed(self, sealed: str) -> str:
        """The same secret, sealed with the first key; raises `SecretUnreadable`."""
        try:
            return _SCHEME + self._keys().rotate(sealed.removeprefix(_SCHEME)).decode()
        except InvalidToken:
            raise SecretUnreadable from None

    def _keys(self) -> MultiFernet:
        if self._fernet is None:
            raise NoSecretsKey
        return self._fernet


def new_key() -> str:
    """A new key for `SECRETS_KEYS`."""
    return Fernet.generate_key().decode()
