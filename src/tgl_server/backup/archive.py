"""The file of a backup: a tar of `database.dump`, as `pg_dump` wrote it, and `manifest.json`, which is written last.

So `tar` and `pg_restore` read it without this program, and a file without its manifest is not whole.
"""

import hashlib
import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Final

import msgspec
from msgspec import Struct

from tgl_server.backup.errors import BadBackup

DUMP: Final = "database.dump"
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
#: The bytes that are read at a time.
CHUNK: Final = 1024 * 1024
_MOST_MANIFEST_BYTES: Final = 1024 * 1024
_NO_BACKUP: Final = "is not a whole backup of tgl-server; name one that `tgl-server backup` has finished"


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup holds; `tables` are the rows of each table at the moment of the backup."""

    format: int
    made_at: datetime
    version: str
    migration: str
    postgresql: str
    database_bytes: int
    dump_bytes: int
    dump_sha256: str
    tables: dict[str, int]


class DumpWriter:
    """Writes the dump as the first member of an archive; its header follows when its size is known."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0
        file.write(bytes(tarfile.BLOCKSIZE))

    @property
    def sha256(self) -> str:
        """The digest of all that was written."""
        return self._digest.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Append to the dump."""
        self._file.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)

    def finish(self, manifest: Manifest) -> None:
        """Write the header of the dump, then the manifest, and the end of the archive."""
        self._file.write(_padding(self.size))
        self._file.seek(0)
        self._file.write(_header(DUMP, self.size, manifest.made_at))
        self._file.seek(0, 2)
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        self._file.write(_header(MANIFEST, len(text), manifest.made_at) + text + _padding(len(text)))
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))


def read_manifest(path: Path) -> Manifest:
    """What a backup says of itself; raises `BadBackup`."""
    try:
        with tarfile.open(path, "r:") as archive:
            names = archive.getnames()
            found = archive.extractfile(MANIFEST) if names == [DUMP, MANIFEST] else None
            text = found.read(_MOST_MANIFEST_BYTES) if found else b""
        manifest = msgspec.json.decode(text, type=Manifest)
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror or error}; name the file of a backup") from None
    except (tarfile.TarError, msgspec.DecodeError):
        raise BadBackup(f"{path} {_NO_BACKUP}") from None
    if manifest.format != FORMAT:
        raise BadBackup(f"{path} was made by a later version, {manifest.version}; restore it with that one")
    return manifest


def read_dump(path: Path, manifest: Manifest) -> Iterator[bytes]:
    """The dump in pieces; raises `BadBackup` at its end if it is not what was written."""
    digest, left = hashlib.sha256(), manifest.dump_bytes
    with path.open("rb") as file:
        file.seek(tarfile.BLOCKSIZE)
        while left and (chunk := file.read(min(CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
            yield chunk
    if left or digest.hexdigest() != manifest.dump_sha256:
        raise BadBackup(f"{path} is damaged: its checksum is wrong; take another backup")


def _header(name: str, size: int, at: datetime) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, int(at.timestamp()), 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
