"""The server's secret key where none is set: made once, kept beside the data, for development only.

It is kept in the data folder's `control/`, made with mode 0700, as the embedded PostgreSQL requires of that folder.
"""

import contextlib
import os
import secrets
from pathlib import Path

from tgl_server.errors import StartupError

FILE_NAME = "secret_key"


def kept_secret(data_dir: Path) -> str:
    """The secret in a file of mode 0600, made where it is missing; processes that start at once agree on it."""
    path = data_dir / "control" / FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return _read(path) if path.exists() else _make(path)
    except OSError as error:
        raise StartupError(f"cannot keep a secret in {path}: {error.strerror}; set SECRET_KEY") from None


def _read(path: Path) -> str:
    # Behind a symbolic link, or in a file that others own or can read, the secret could be known to somebody else.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor) as file:
        found = os.fstat(descriptor)
        if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & 0o077):
            raise StartupError(f"{path} must be a file of mode 0600 of ours; put that right or set SECRET_KEY")
        secret = file.read().strip()
    if not secret:
        raise StartupError(f"{path} is empty; remove it or set SECRET_KEY")
    return secret


def _make(path: Path) -> str:
    """Make the secret: written to another file and linked into place, so that nobody reads a half-written one."""
    draft = path.with_name(f"{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64) + "\n")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    return _read(path)
