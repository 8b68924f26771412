"""Fingerprints of ssh keys, as OpenSSH and every forge show them."""

import base64
import binascii
import hashlib


def fingerprint_of(public_key: str) -> str:
    """`SHA256:...` of a public key like `ssh-ed25519 AAAA... comment`; raises ValueError for another text."""
    words = public_key.split()
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error):
        raise ValueError("this is no public key") from None
    # The blob begins with the length and the name of its own kind.
    if blob[4 : 4 + int.from_bytes(blob[:4], "big")] != words[0].encode():
        raise ValueError("this is no public key")
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
