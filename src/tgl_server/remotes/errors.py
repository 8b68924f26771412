"""The failures of fetching a remote, each a sentence and a remedy for people who maintain the repository.

    RemoteError
    ├── RemoteRefused        trying again is useless before somebody changes the address, the credentials or a setting
    ├── RemoteUnreachable    no connection, or no answer in time; the next pull may succeed
    ├── RemoteTooLarge       more bytes or refs than this server takes
    └── RemoteFailed         anything else

No secret is ever part of one: what git says is shown only where nothing else explains the failure, and searched first.
"""

from enum import StrEnum

from tgl_server.errors import ServerError


class Reason(StrEnum):
    """A word for the cause, for metrics and for programs."""

    ADDRESS = "address"
    CREDENTIALS = "credentials"
    NOT_FOUND = "not_found"
    HOST_KEY_UNKNOWN = "host_key_unknown"
    HOST_KEY_CHANGED = "host_key_changed"
    REDIRECTED = "redirected"
    CERTIFICATE = "certificate"
    UNRESOLVED = "unresolved"
    NO_CONNECTION = "no_connection"
    SERVER_ERROR = "server_error"
    STALLED = "stalled"
    DEADLINE = "deadline"
    BYTES = "bytes"
    REFS = "refs"
    BUSY = "busy"
    NO_GIT = "no_git"
    DISK_FULL = "disk_full"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


class RemoteError(ServerError):
    """The remote could not be fetched."""

    def __init__(self, sentence: str, remedy: str, reason: Reason = Reason.UNKNOWN) -> None:
        super().__init__(f"{sentence}; {remedy}" if remedy else sentence)
        self.sentence = sentence
        self.remedy = remedy
        self.reason = reason


class RemoteRefused(RemoteError):
    """The remote refuses the server, or the server the remote."""


class RemoteUnreachable(RemoteError):
    """The remote does not answer now."""


class RemoteTooLarge(RemoteError):
    """The remote has more than this server takes."""


class RemoteFailed(RemoteError):
    """Fetching failed for another reason."""
