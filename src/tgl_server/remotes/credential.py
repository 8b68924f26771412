"""What opens a remote: a token for HTTPS or a key for ssh. Neither shows itself in `repr`."""

import re

from msgspec import Struct

# Git's credential protocol is made of lines.
_ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]+")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]*")


class HttpsToken(Struct, frozen=True, kw_only=True):
    """A token or password, and the user that it is sent with; forges that ignore the user take any."""

    token: str
    username: str = "git"

    def __repr__(self) -> str:
        return f"HttpsToken(username={self.username!r}, token='***')"


class SshKey(Struct, frozen=True, kw_only=True):
    """A private key without a passphrase, in a form that OpenSSH reads, and the host's public keys: `ssh-ed25519 AAAA`.

    Without host keys, no host is believed.
    """

    private_key: str
    username: str = "git"
    host_keys: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"SshKey(username={self.username!r}, private_key='***', host_keys={len(self.host_keys)})"


Credential = HttpsToken | SshKey


def is_one_line(text: str) -> bool:
    """True for a text that git's credential protocol can carry."""
    return _ONE_LINE.fullmatch(text) is not None


def is_ssh_user(text: str) -> bool:
    """True for a user name that is no option of ssh."""
    return _USER.fullmatch(text) is not None
