"""The state of what is around a server, as a command on its machine finds it.

Git, the disk of the mirrors, the counter of requests, sealed secrets, and the address that people open.
"""

import asyncio
import shutil
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from tgl_history.statistics.git_engine import version_of
from tgl_server.db.engine import Database
from tgl_server.limits.limiter import RateLimiter
from tgl_server.pull.mirrors import free_bytes, mirrors_folder
from tgl_server.sealing.columns import SealedColumn, sealed_texts
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings

_SECONDS: Final = 5.0
_OK: Final = 200


class Published(Struct, frozen=True):
    """What PUBLIC_URL answers from here: `fault` is empty if all is well; the certificate's end is None without TLS."""

    url: str
    fault: str = ""
    certificate_ends: datetime | None = None


class SealedState(Struct, frozen=True):
    """The numbers of sealed secrets, of those that no key opens, and of those that the first key does not open."""

    secrets: int
    unreadable: int
    old: int


class MachineState(Struct, frozen=True, kw_only=True):
    """What is here. `git_version` is None without git, `(0,)` for one that does not run."""

    git_version: tuple[int, ...] | None
    mirrors: Path
    mirrors_free: int | None
    does_limiter_answer: bool
    published: Published | None


async def read_machine(settings: Settings) -> MachineState:
    """The state at this moment; everything that may wait gives up after some seconds."""
    git, mirrors = shutil.which("git"), mirrors_folder(settings)
    url = settings.public_origin
    limiter = RateLimiter(settings.rate_limit_storage)
    try:
        return MachineState(
            git_version=await asyncio.to_thread(version_of, git) if git else None,
            mirrors=mirrors,
            mirrors_free=free_bytes(mirrors),
            does_limiter_answer=await limiter.answers(),
            published=await asyncio.to_thread(ask_published, url) if url else None,
        )
    finally:
        await limiter.close()


def ask_published(origin: str) -> Published:
    """Ask `/health` at the address that people open, through whatever stands before the server."""
    parts = urlsplit(origin)
    is_secure = parts.scheme == "https"
    kind = HTTPSConnection if is_secure else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        connection.connect()
        ends = _certificate_end(connection.sock) if isinstance(connection.sock, ssl.SSLSocket) else None
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except ssl.SSLCertVerificationError as error:
        return Published(origin, f"its certificate is refused: {error.verify_message}")
    except (OSError, HTTPException) as error:
        return Published(origin, f"it does not answer from here: {getattr(error, 'strerror', None) or error}")
    finally:
        connection.close()
    return Published(origin, "" if status == _OK else f"/health answers {status}", ends)


def _certificate_end(tls: ssl.SSLSocket) -> datetime | None:
    ends = (tls.getpeercert() or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None


async def read_sealed(database: Database, keys: Sequence[str], columns: Sequence[SealedColumn]) -> SealedState:
    """Try the keys on every sealed secret; nothing of them is kept."""
    async with database.statements() as connection:
        texts = [text for column in columns for text in await sealed_texts(connection, column)]
    every, first = Sealer(keys), Sealer(keys[:1])
    readable = [text for text in texts if every.can_open(text)]
    return SealedState(
        secrets=len(texts),
        unreadable=len(texts) - len(readable),
        old=sum(not first.can_open(text) for text in readable),
    )
