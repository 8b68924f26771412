"""The error that git's words mean, in a sentence, with what to do."""

import base64
import re
from urllib.parse import quote, quote_plus

from tgl_history.naming import without_credentials
from tgl_history.remote_words import Trouble, last_line, trouble_in
from tgl_server.remotes.address import Place
from tgl_server.remotes.credential import Credential, HttpsToken, SshKey
from tgl_server.remotes.errors import (
    Reason,
    RemoteError,
    RemoteFailed,
    RemoteRefused,
    RemoteTooLarge,
    RemoteUnreachable,
)
from tgl_server.remotes.fingerprints import fingerprint_of
from tgl_server.remotes.policy import RemotePolicy

_LONGEST = 300
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")

_Told = tuple[type[RemoteError], Reason, str, str]

# With {place} for the remote's address.
_TOLD: dict[Trouble, _Told] = {
    Trouble.HOST_KEY_UNKNOWN: (
        RemoteRefused,
        Reason.HOST_KEY_UNKNOWN,
        "the ssh host key of {place} is not confirmed",
        "scan the host's keys, and confirm their fingerprints in the repository's credentials",
    ),
    Trouble.HOST_KEY_CHANGED: (
        RemoteRefused,
        Reason.HOST_KEY_CHANGED,
        "the ssh host key of {place} is another than the one that was confirmed",
        "ask its operator whether it was changed; if so, scan and confirm it again",
    ),
    Trouble.REDIRECTED: (
        RemoteRefused,
        Reason.REDIRECTED,
        "{place} redirects to another address, which is never followed",
        "set git_url to the address that it redirects to",
    ),
    Trouble.CREDENTIALS: (
        RemoteRefused,
        Reason.CREDENTIALS,
        "{place} refused the credentials",
        "store a token or key that may read the repository, and that has not expired",
    ),
    Trouble.NOT_FOUND: (
        RemoteRefused,
        Reason.NOT_FOUND,
        "{place} was not found, or these credentials may not see it",
        "check git_url, and who may read it",
    ),
    Trouble.CERTIFICATE: (
        RemoteRefused,
        Reason.CERTIFICATE,
        "the certificate of {place} is not trusted",
        "if an authority of your own signed it, the operator names that in PULL_CA_FILE",
    ),
    Trouble.STALLED: (
        RemoteUnreachable,
        Reason.STALLED,
        "{place} stopped sending",
        "the next pull tries again; for a remote that thinks for long, raise PULL_STALL_SECONDS",
    ),
    Trouble.SERVER_ERROR: (
        RemoteUnreachable,
        Reason.SERVER_ERROR,
        "{place} is overloaded or has an error",
        "the next pull tries again",
    ),
    Trouble.UNREACHABLE: (
        RemoteUnreachable,
        Reason.NO_CONNECTION,
        "the connection to {place} failed",
        "the next pull tries again; check the network if it goes on",
    ),
    Trouble.OTHER_HASH: (
        RemoteFailed,
        Reason.UNSUPPORTED,
        "{place} uses SHA-256 object names",
        "these are not supported",
    ),
    Trouble.DISK_FULL: (
        RemoteFailed,
        Reason.DISK_FULL,
        "the disk of the mirrors is full",
        "the operator frees space, or lowers PULL_MIRRORS_BYTES",
    ),
}


def explain(place: Place, said: str, credential: Credential | None, policy: RemotePolicy) -> RemoteError:
    """The error that git's error output means."""
    trouble = trouble_in(said)
    if trouble is Trouble.FILE_TOO_LARGE:
        return too_large(place, policy)
    if trouble is Trouble.CREDENTIALS and credential is None:
        sentence = f"{place} wants credentials, and none are stored"
        return RemoteRefused(sentence, "store a token for it", Reason.CREDENTIALS)
    if trouble is Trouble.HOST_KEY_CHANGED and isinstance(credential, SshKey):
        return _changed_host(place, said, credential)
    if trouble in _TOLD:
        kind, reason, sentence, remedy = _TOLD[trouble]
        return kind(sentence.format(place=place), remedy, reason)
    words = without_credentials(_masked(last_line(said), credential))[:_LONGEST]
    return RemoteFailed(f"fetching {place} failed: {words}", "try `git ls-remote` on it by hand")


def _changed_host(place: Place, said: str, credential: SshKey) -> RemoteRefused:
    """The error for a host with another key, with the fingerprints of both."""
    shown = _FINGERPRINT.search(said)
    confirmed = " and ".join(fingerprint_of(key) for key in credential.host_keys)
    now = f"it shows {shown[0]}, and {confirmed} was confirmed" if shown else f"{confirmed} was confirmed"
    _, reason, sentence, remedy = _TOLD[Trouble.HOST_KEY_CHANGED]
    return RemoteRefused(f"{sentence.format(place=place)}: {now}", remedy, reason)


def too_large(place: Place, policy: RemotePolicy) -> RemoteTooLarge:
    """The error for a remote with too many bytes."""
    sentence = f"{place} has more than the {policy.max_bytes:,} bytes that a mirror may take"
    return RemoteTooLarge(sentence, "push from a checkout instead, or raise PULL_MAX_BYTES", Reason.BYTES)


def too_many_refs(place: Place, policy: RemotePolicy) -> RemoteTooLarge:
    """The error for a remote with too many branches."""
    sentence = f"{place} has more than {policy.max_refs:,} branches"
    return RemoteTooLarge(sentence, "delete branches that nobody needs", Reason.REFS)


def _masked(words: str, credential: Credential | None) -> str:
    """The words without the secret; a remote may send back what it was sent."""
    secrets = []
    if isinstance(credential, HttpsToken):
        token = credential.token
        basic = base64.b64encode(f"{credential.username}:{token}".encode()).decode().rstrip("=")
        secrets = [basic, token, quote(token, safe=""), quote(token), quote_plus(token)]
    elif isinstance(credential, SshKey):
        secrets = credential.private_key.splitlines()
    for secret in secrets:
        # Whatever the case: percent-encoding may have small digits.
        words = re.sub(re.escape(secret), "***", words, flags=re.IGNORECASE) if secret else words
    return words
