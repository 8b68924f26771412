"""Fetching a remote into a mirror, when neither the remote nor who wrote its address can be trusted.

`fetch` is the door. The mirror's address, its answers, its size and its speed are all in somebody else's hands, and the
process runs where the server's database and other people's credentials are near.
"""

from tgl_server.remotes.credential import Credential, HttpsToken, SshKey
from tgl_server.remotes.errors import (
    Reason,
    RemoteError,
    RemoteFailed,
    RemoteRefused,
    RemoteTooLarge,
    RemoteUnreachable,
)
from tgl_server.remotes.fetching import fetch
from tgl_server.remotes.folder import locked, size_of
from tgl_server.remotes.policy import RemotePolicy, policy_of
from tgl_server.remotes.repacking import repack

__all__ = [
    "Credential",
    "HttpsToken",
    "Reason",
    "RemoteError",
    "RemoteFailed",
    "RemotePolicy",
    "RemoteRefused",
    "RemoteTooLarge",
    "RemoteUnreachable",
    "SshKey",
    "fetch",
    "locked",
    "policy_of",
    "repack",
    "size_of",
]
