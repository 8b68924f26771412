"""What can be wrong with a repository.

    HistoryError
    ├── NotARepository          nothing there that git would open
    ├── ForeignOwner            somebody else's, and not declared safe
    ├── UnsupportedRepository   SHA-256 object names, reftable, an extension that libgit2 does not know
    ├── PartialClone            objects were left on the remote; reading on would fetch them one by one
    ├── CorruptRepository       an object is missing or unreadable
    └── StatisticsFailed        the process that counts lines could not start, or died

Each carries `message` (what happened) and `hint` (what to do), both for the person at the terminal.
"""


class HistoryError(Exception):
    """The history cannot be read."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotARepository(HistoryError):
    """Nothing there that git would open."""


class ForeignOwner(HistoryError):
    """The repository belongs to another user and is not declared safe."""


class UnsupportedRepository(HistoryError):
    """A format that we cannot read yet."""


class PartialClone(HistoryError):
    """Objects that the statistics need are still on the remote."""


class CorruptRepository(HistoryError):
    """An object is missing or unreadable."""


class StatisticsFailed(HistoryError):
    """The process that counts lines could not start, or died."""
