"""Passwords: Argon2id, and a check that takes as long for an account that does not exist."""

import secrets
import unicodedata
from typing import Self

from tgl_server.auth.argon2 import Argon2


class Passwords:
    """Hashes and checks passwords; the same text typed on another machine may arrive in another normal form."""

    def __init__(self, argon2: Argon2, nobodys_hash: str) -> None:
        self._argon2 = argon2
        self._nobodys_hash = nobodys_hash

    @classmethod
    async def create(cls, argon2: Argon2) -> Self:
        """Makes the hash of a password that nobody has, with today's parameters."""
        return cls(argon2, await argon2.hash(secrets.token_urlsafe(32)))

    async def hash(self, password: str) -> str:
        return await hash_password(self._argon2, password)

    async def verify(self, hashed: str | None, password: str) -> bool:
        """False, after the same work, where there is no account or no password."""
        matches = await self._argon2.verify(hashed or self._nobodys_hash, _normal(password))
        return matches and hashed is not None

    async def renewed(self, hashed: str, password: str) -> str | None:
        """A new hash of a password that was just verified, if the old one was made with other parameters."""
        return await self.hash(password) if self._argon2.is_outdated(hashed) else None


async def hash_password(argon2: Argon2, password: str) -> str:
    """For storing."""
    return await argon2.hash(_normal(password))


def _normal(password: str) -> str:
    """NFKC, as NIST SP 800-63B 3.1.1.2 recommends."""
    return unicodedata.normalize("NFKC", password)
