"""The digest of recorded branch tips, by which client and server see whether they know the same ones."""

from collections.abc import Mapping
from hashlib import sha256


def refs_digest(refs: Mapping[str, str]) -> str:
    """The digest of tips, given as hexadecimal shas by full ref name, in any order.

    It is the SHA-256 of the sorted SHA-256 hashes of each name in UTF-8, a zero byte and the sha's bytes.
    """
    tips = (sha256(name.encode() + b"\0" + bytes.fromhex(sha)).digest() for name, sha in refs.items())
    return sha256(b"".join(sorted(tips))).hexdigest()
