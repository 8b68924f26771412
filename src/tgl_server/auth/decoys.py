"""Hashes that are verified for an address without an account, so that the time of a login does not tell of none.

A stored hash costs what its parameters say, which are those of the day it was made: after they were raised, nobody's
hash with today's would take longer than an account's. So an address without an account gets the parameters of some
stored hash: always the same ones, and each as often among such addresses as among accounts.
"""

import hmac
import secrets
import time
from base64 import b64encode

from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.queries import STORED_PARAMETERS
from tgl_server.auth.turns import Queue
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

_LOOK_SECONDS = 60.0
_PURPOSE = b"decoys"
_PARTS = 6  # of a hash, between dollar signs: nothing, kind, version, costs, salt, digest


class Decoys:
    """Decoys like the stored hashes, which are counted once a minute; await `prepare` before the first use."""

    def __init__(self, database: Database, argon2: Argon2, settings: Settings) -> None:
        self._database, self._argon2 = database, argon2
        # With the server's secret, so that several servers, and one after a restart, choose the same.
        self._key = hmac.digest(settings.secret_key.encode() or secrets.token_bytes(32), _PURPOSE, "sha256")
        self._found: list[tuple[float, str]] = []
        self._look_at = 0.0

    async def prepare(self) -> None:
        """Make the decoy for a server on which nobody has a password yet, with today's parameters."""
        self._first = await self._argon2.hash(secrets.token_urlsafe(32), Queue.KNOWN)

    async def of(self, email: str) -> str:
        """The decoy for an address: a hash that no password matches."""
        if time.monotonic() >= self._look_at:
            async with self._database.statements() as connection:
                self._found = await self._look(connection)
            self._look_at = time.monotonic() + _LOOK_SECONDS
        digest = hmac.digest(self._key, email.strip().lower().encode(errors="replace"), "sha256")
        place = int.from_bytes(digest[:4]) / 2**32
        return next((decoy for up_to, decoy in self._found if place < up_to), self._first)

    async def _look(self, connection: AsyncConnection) -> list[tuple[float, str]]:
        """A decoy for each set of parameters, with the part of accounts that have it or one before it.

        Outdated ones come first. As they become fewer, an address changes once from them to today's, like an account.
        """
        rows = [row for row in await connection.execute(STORED_PARAMETERS) if row.example.count("$") == _PARTS - 1]
        rows.sort(key=lambda row: (not self._argon2.is_outdated(row.example), row.example))
        total, seen, found = sum(row.accounts for row in rows), 0, []
        for row in rows:
            seen += row.accounts
            found.append((seen / total, decoy_like(row.example)))
        return found


def decoy_like(hashed: str) -> str:
    """A hash with the parameters of another one, whose salt and digest are random."""
    *parameters, salt, digest = hashed.split("$")
    return "$".join([*parameters, _random_like(salt), _random_like(digest)])


def _random_like(text: str) -> str:
    """Random bytes in base 64 without padding, as many as the text has."""
    return b64encode(secrets.token_bytes(len(text) * 3 // 4)).rstrip(b"=").decode()
