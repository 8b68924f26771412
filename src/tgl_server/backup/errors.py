"""Errors of backups; each message says what happened, then what to do."""

from tgl_server.errors import ServerError


class BackupFailed(ServerError):
    """A backup could not be taken; nothing of it stays under its name."""


class BadBackup(ServerError):
    """A file is no whole backup."""


class RestoreFailed(ServerError):
    """A backup could not be restored; the database is as it was."""
