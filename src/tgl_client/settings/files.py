"""Writes our own files, each in one step: a full disk leaves what was there before, and nothing half done."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tgl_client.errors import SystemRefusalError, TglError

#: True where a file's mode says who may read it; elsewhere it says no more than whether it can be written.
HAS_MODES: Final = os.name == "posix"


def others_can_read(mode: int) -> bool:
    """True when the mode of a file lets other users at it."""
    return HAS_MODES and bool(mode & 0o077)


@contextmanager
def system_errors(what: str = "", *, hint: str | None = None) -> Iterator[None]:
    """Tell an `OSError` of the block as a `SystemRefusalError`; `what` says what was tried."""
    try:
        yield
    except (OSError, UnicodeError) as error:
        raise refusal(error, what, hint=hint) from error


def refusal(error: OSError | UnicodeError, what: str = "", *, hint: str | None = None) -> TglError:
    """The error for a system call that failed, in the system's own words and with the file that it was about."""
    if isinstance(error, UnicodeError):
        return SystemRefusalError(f"{what or 'a name'}: not UTF-8 text", hint=hint)
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error) or "the system refused it"
    place = what or (os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "")
    return SystemRefusalError(f"{place}: {reason}" if place else reason, hint=hint)


def usual_mode() -> int:
    """The mode of a file that the user makes, by the process's mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def replace_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace a file, or what a link leads to, in one step; others see neither a part nor another mode.

    Raises `OSError`.
    """
    path = Path(os.path.realpath(path))
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink(missing_ok=True)
        raise
