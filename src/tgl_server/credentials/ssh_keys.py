"""Private ssh keys as people upload them, read once and kept without their passphrase."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from msgspec import Struct

_OPENSSH = "OPENSSH PRIVATE KEY"
_LEAST_RSA_BITS = 2048


class BadKey(Exception):
    """The text is no private key to use; the message says why, the `field` which text is to blame."""

    def __init__(self, message: str, field: str = "secret") -> None:
        super().__init__(message)
        self.field = field


class KeyPair(Struct, frozen=True):
    """A private key in OpenSSH's form without a passphrase, and its public key."""

    private_key: str
    public_key: str

    def __repr__(self) -> str:
        return f"KeyPair({self.public_key})"


def read_key(text: str, passphrase: str | None) -> KeyPair:
    """The key pair of a private key in the form of OpenSSH or PEM; raises `BadKey`."""
    lines = "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"
    if lines.startswith("ssh-") or "PUBLIC KEY" in lines:
        raise BadKey("This is a public key; the private one is wanted, which is in the file without .pub")
    load = load_ssh_private_key if _OPENSSH in lines else load_pem_private_key
    try:
        key = load(lines.encode(), passphrase.encode() if passphrase else None)
    except TypeError:
        if passphrase:
            raise BadKey("The key has no passphrase; leave it out", "passphrase") from None
        raise BadKey("The key has a passphrase, which is needed once to store it", "passphrase") from None
    except UnsupportedAlgorithm:
        raise BadKey("This kind of key is not supported; make one with ssh-keygen -t ed25519") from None
    except ValueError:
        if passphrase:
            raise BadKey("The passphrase does not open the key", "passphrase") from None
        raise BadKey("This is no private key; copy the whole file, with its first and last line") from None
    if isinstance(key, RSAPrivateKey) and key.key_size < _LEAST_RSA_BITS:
        raise BadKey(f"The key is too short; RSA takes {_LEAST_RSA_BITS} bits or more")
    return _pair(key)


def _pair(key: object) -> KeyPair:
    if not isinstance(key, Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey):
        raise BadKey("This kind of key is not used by ssh; make one with ssh-keygen -t ed25519")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return KeyPair(private.decode(), public.decode())
