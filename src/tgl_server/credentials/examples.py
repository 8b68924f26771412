"""Examples of credentials for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct

from tgl_protocol import credentials
from tgl_server.http.example_values import AT, USER_ID
from tgl_server.remotes.fingerprints import fingerprint_of

# Published by GitHub.
_PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
_HOST_KEY = credentials.HostKey(
    public_key=_PUBLIC_KEY, fingerprint=fingerprint_of(_PUBLIC_KEY), confirmed_at=AT, confirmed_by=USER_ID
)
_TOKEN = "glpat-written-and-never-read"  # noqa: S105 -- nobody's
_ORIGIN = "ssh://git.example.com:22"

EXAMPLES: list[Struct] = [
    credentials.NewCredential(kind=credentials.CredentialKind.HTTPS_TOKEN, secret=_TOKEN, username="reader"),
    credentials.CredentialInfo(
        kind=credentials.CredentialKind.SSH_KEY,
        username="git",
        origin=_ORIGIN,
        address="ssh://git@git.example.com/team/linux.git",
        fits=True,
        public_key=_PUBLIC_KEY,
        fingerprint=fingerprint_of(_PUBLIC_KEY),
        host_keys=[_HOST_KEY],
        set_at=AT,
        set_by=USER_ID,
        last_used_at=AT + timedelta(hours=1),
        last_refused_at=None,
    ),
    credentials.HostKeys(origin=_ORIGIN, keys=[_HOST_KEY]),
    credentials.HostKeyConfirmation(fingerprints=[fingerprint_of(_PUBLIC_KEY)]),
]
