"""Errors of the embedded PostgreSQL; each message says what happened, then what to do.

StartupError
+-- EmbeddedPostgresError
    +-- PlatformRefused     Windows, or root on a system other than Linux
    +-- ProgramsUnusable    the wheel's programs are missing, or the server's account cannot run them
    +-- DataFolderRefused   the data folder is not ours, not safe, or incomplete
    +-- OtherMajorVersion   the data was made by another major version of PostgreSQL
    +-- CannotInitialize    initdb failed
    +-- CannotStart         the server did not start, or does not stop
    +-- NoRoom              its disk is full
"""

from tgl_server.errors import StartupError


class EmbeddedPostgresError(StartupError):
    """The embedded PostgreSQL cannot be used."""


class PlatformRefused(EmbeddedPostgresError):
    """This operating system cannot run the embedded PostgreSQL."""


class ProgramsUnusable(EmbeddedPostgresError):
    """The programs of PostgreSQL are missing or cannot be run."""


class DataFolderRefused(EmbeddedPostgresError):
    """The data folder cannot be used."""


class OtherMajorVersion(EmbeddedPostgresError):
    """The data was made by another major version of PostgreSQL."""


class CannotInitialize(EmbeddedPostgresError):
    """A new database cluster could not be made."""


class CannotStart(EmbeddedPostgresError):
    """The server did not start, or does not stop."""


class NoRoom(EmbeddedPostgresError):
    """The disk of the data folder is full."""
