"""The errors of reading a repository.

    HistoryError
    ├── NotARepository          git would open nothing there
    ├── ForeignOwner            belongs to another user, and is not declared safe
    ├── UnsupportedRepository   SHA-256 object names, reftable, an extension that libgit2 does not know
    ├── PartialClone            objects were left on the remote; reading on would fetch them one by one
    ├── CorruptRepository       an object is missing or unreadable
    ├── UnusableHooksFolder     a link to nothing, or a file
    ├── StatisticsFailed        the process that counts lines could not start, or died
    └── Stopped                 whoever reads was told to stop

Each carries `message` (what happened) and `hint` (what to do), both for the person at the terminal.
"""

import os


def in_words(error: Exception) -> str:
    """What a library said of a repository's files, where it is a sentence; errors of Python's own are none."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    if isinstance(error, KeyError | RuntimeError | UnicodeError):
        return "its files are damaged"
    return str(error).partition("\n")[0] or "its files are damaged"


class HistoryError(Exception):
    """The history cannot be read."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotARepository(HistoryError):
    """Git would open nothing there."""


class ForeignOwner(HistoryError):
    """The repository belongs to another user and is not declared safe."""


class UnsupportedRepository(HistoryError):
    """The repository has a format that is unsupported so far."""


class PartialClone(HistoryError):
    """Objects that the statistics need are still on the remote."""


class CorruptRepository(HistoryError):
    """An object is missing or unreadable."""


class UnusableHooksFolder(HistoryError):
    """What should be the folder of hooks is a link to nothing, or a file."""


class StatisticsFailed(HistoryError):
    """The process that counts lines could not start, or died."""


class Stopped(HistoryError):
    """Whoever reads was told to stop."""
