"""Passwords: Argon2id, and a check that takes just as long for an account that does not exist."""

import unicodedata

from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.decoys import Decoys
from tgl_server.auth.turns import Queue


class Passwords:
    """Hashes and checks passwords in a normal form, as another machine may send the same text in another form."""

    def __init__(self, argon2: Argon2, decoys: Decoys) -> None:
        self._argon2 = argon2
        self._decoys = decoys

    async def prepare(self) -> None:
        """Await this before the first `verify_login`."""
        await self._decoys.prepare()

    async def hash(self, password: str, queue: Queue) -> str:
        return await hash_password(self._argon2, password, queue)

    async def verify(self, hashed: str, password: str, queue: Queue) -> bool:
        """True for the right password."""
        return await self._argon2.verify(hashed, _normal(password), queue)

    async def verify_login(self, email: str, hashed: str | None, password: str, queue: Queue) -> bool:
        """True for the right password; False, after the same work, without an account or a password."""
        decoy = await self._decoys.of(email)
        matches = await self.verify(hashed or decoy, password, queue)
        return matches and hashed is not None

    async def renewed(self, hashed: str, password: str) -> str | None:
        """A new hash of a password that was just verified, if the old one was made with other parameters."""
        return await self.hash(password, Queue.KNOWN) if self._argon2.is_outdated(hashed) else None


async def hash_password(argon2: Argon2, password: str, queue: Queue = Queue.KNOWN) -> str:
    """The hash of a password, to store."""
    return await argon2.hash(_normal(password), queue)


def _normal(password: str) -> str:
    """The password in NFKC, as NIST SP 800-63B section 3.1.1.2 recommends."""
    return unicodedata.normalize("NFKC", password)
