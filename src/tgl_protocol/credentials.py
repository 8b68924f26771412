"""Credentials of a pulled repository's remote: written, never read again; and the keys of its ssh host.

What is shown says whether they are there and still work. A secret travels in one direction only.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from tgl_protocol.about import about

MAX_SECRET_LENGTH: Final = 16_384
MAX_HOST_KEYS: Final = 20

Fingerprint = Annotated[
    str,
    Meta(
        pattern="^SHA256:[A-Za-z0-9+/]{43}$",
        description="Of a public key, as OpenSSH and every forge show it",
        examples=["SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDSCHwNxu5PF7Sjgdg"],
    ),
]

_Username = Annotated[str, Meta(min_length=1, max_length=255)]
_Passphrase = Annotated[str, Meta(max_length=1024)]


class CredentialKind(StrEnum):
    """What opens the remote: a token or password for https, or a private key for ssh."""

    HTTPS_TOKEN = "https_token"  # noqa: S105 -- a kind
    SSH_KEY = "ssh_key"


class NewCredential(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Credentials for the address that the repository has now, and for no other; they replace those that there are."""

    kind: Annotated[CredentialKind, about("A token for https, or a private key for ssh")]
    secret: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=MAX_SECRET_LENGTH,
            description="The token; or the private key in the form of OpenSSH or PEM",
        ),
    ]
    username: Annotated[_Username | None, about("Who reads; null for the user of the address, else git")] = None
    passphrase: Annotated[
        _Passphrase | None, about("Of the private key; it is used once, to store the key without it")
    ] = None

    def __repr__(self) -> str:
        return f"NewCredential(kind={self.kind!r}, username={self.username!r}, secret='***')"


class HostKey(Struct, frozen=True, kw_only=True):
    """A public key of the remote's ssh host; a pull trusts those that are confirmed, and no other."""

    public_key: Annotated[str, about("Kind and key, as in a file of known hosts")]
    fingerprint: Fingerprint
    confirmed_at: Annotated[datetime | None, about("When a maintainer confirmed it; null if nobody has")]
    confirmed_by: Annotated[UUID | None, about("Who confirmed it; null for the server's command line")]


class CredentialInfo(Struct, frozen=True, kw_only=True):
    """Stored credentials, without their secret."""

    kind: Annotated[CredentialKind, about("A token for https, or a private key for ssh")]
    username: Annotated[str, about("Who reads")]
    origin: Annotated[str, about("The only host that they are sent to")]
    fits: Annotated[bool, about("False once the repository's address is another one; then store them anew")]
    public_key: Annotated[str | None, about("To register at the remote; null for a token")]
    fingerprint: Annotated[str | None, about("Of the public key, as `SHA256:...`; null for a token")]
    host_keys: Annotated[list[HostKey], about("The confirmed keys of the ssh host; empty for https")]
    set_at: Annotated[datetime, about("When they were stored")]
    set_by: Annotated[UUID | None, about("Who stored them; null for the server's command line")]
    last_used_at: Annotated[datetime | None, about("When a pull last succeeded with them")]
    last_refused_at: Annotated[datetime | None, about("When the remote last refused them")]
    address: Annotated[
        str | None, about("The only address that they open; null for those of an older server, to be stored anew")
    ] = None


class HostKeys(Struct, frozen=True, kw_only=True):
    """The keys that the remote's ssh host shows now; compare the fingerprints with what its operator publishes."""

    origin: Annotated[str, about("The host and port that were asked")]
    keys: Annotated[list[HostKey], about("What it showed")]


class HostKeyConfirmation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fingerprints of the host's keys that pulls trust from now on, in place of all others."""

    fingerprints: Annotated[
        list[Fingerprint], Meta(min_length=1, max_length=MAX_HOST_KEYS, description="Of keys that the host shows now")
    ]
