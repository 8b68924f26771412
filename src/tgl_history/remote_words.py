"""What git and ssh say of a remote that they cannot fetch, and the options with which git runs nothing it was not told.

One reading for `tgl push` and for the server: both turn a `Trouble` into a sentence of their own. The words are those
of LC_ALL=C.
"""

import re
from enum import Enum, auto

#: Options that hold everywhere: nothing is run, followed or announced because a repository's configuration says so.
SAFE_OPTIONS = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "fetch.recurseSubmodules=false"),
    *("-c", "transfer.credentialsInUrl=die"),
    *("-c", "transfer.bundleURI=false"),
)


class Trouble(Enum):
    """Why a fetch failed."""

    HOST_KEY_CHANGED = auto()
    HOST_KEY_UNKNOWN = auto()
    REDIRECTED = auto()
    CREDENTIALS = auto()
    NOT_FOUND = auto()
    CERTIFICATE = auto()
    STALLED = auto()
    SERVER_ERROR = auto()
    UNREACHABLE = auto()
    OTHER_HASH = auto()
    DISK_FULL = auto()
    FILE_TOO_LARGE = auto()
    UNKNOWN = auto()


# In this order: "not found" is also part of other failures' words.
_WORDS = {
    Trouble.HOST_KEY_CHANGED: r"REMOTE HOST IDENTIFICATION HAS CHANGED",
    Trouble.HOST_KEY_UNKNOWN: r"Host key verification failed|No \S+ host key is known for",
    Trouble.REDIRECTED: r"error: 30[12378]\b|unable to update url base from redirection",
    Trouble.CREDENTIALS: r"Permission denied|Authentication failed|could not read (Username|Password)|"
    r"error: 40[137]\b|Access denied|Too many authentication failures",
    Trouble.NOT_FOUND: r"not found|does not exist|does not appear to be a git repository|error: 4(04|10)\b|"
    r"not valid: is this a git repository",
    Trouble.CERTIFICATE: r"SSL certificate problem|certificate verif|no alternative certificate subject|"
    r"unable to get local issuer|self.signed certificate|certificate has expired",
    Trouble.STALLED: r"Operation too slow|Less than \d+ bytes/sec",
    Trouble.SERVER_ERROR: r"error: (429|5\d\d)\b",
    Trouble.UNREACHABLE: r"Could not resolve|Connection (refused|timed out|reset|closed)|No route to host|"
    r"Network is unreachable|Failed to connect|Operation timed out|Timeout was reached|early EOF|Empty reply|"
    r"the remote end hung up|unexpected disconnect|Broken pipe|SSL_ERROR_SYSCALL|Couldn't connect|"
    r"TLS connection was non-properly terminated|transfer closed with",
    Trouble.OTHER_HASH: r"mismatched algorithms|unknown object format",
    Trouble.DISK_FULL: r"No space left on device|Disk quota exceeded",
    Trouble.FILE_TOO_LARGE: r"File too large|File size limit exceeded",
}
_PATTERNS = {trouble: re.compile(words, re.IGNORECASE) for trouble, words in _WORDS.items()}


def trouble_in(said: str) -> Trouble:
    """The reason that git's error output gives; `UNKNOWN` for other words."""
    return next((trouble for trouble, pattern in _PATTERNS.items() if pattern.search(said)), Trouble.UNKNOWN)


def last_line(said: str) -> str:
    """The last line that says anything."""
    return next((line for line in reversed(said.splitlines()) if line.strip()), "git said nothing")
