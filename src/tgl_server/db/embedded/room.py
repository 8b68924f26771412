"""Room on the disk of the embedded PostgreSQL, which ends when it cannot write its log."""

import shutil
from pathlib import Path

from tgl_server.db.embedded.errors import NoRoom

#: PostgreSQL needs room for a few files of its log, of 16 MB each, to take any write; with less it soon ends.
LEAST_ROOM_BYTES = 64 * 1024 * 1024
_MB = 1024 * 1024


def free_bytes(data_dir: Path) -> int:
    """The bytes that an ordinary account may still write on the disk of a data folder; raises `OSError`."""
    return shutil.disk_usage(data_dir).free


def check_room(data_dir: Path) -> None:
    """Raises `NoRoom` before PostgreSQL meets a full disk."""
    free, least = free_bytes(data_dir), LEAST_ROOM_BYTES
    if free < least:
        raise NoRoom(
            f"The disk of the embedded database has {free // _MB} MB left, and it needs {least // _MB} MB to go on; "
            "make room there."
        )


def is_full(data_dir: Path) -> bool:
    """True if there is not enough room for PostgreSQL to go on, as far as can be seen."""
    try:
        return free_bytes(data_dir) < LEAST_ROOM_BYTES
    except OSError:
        return False
