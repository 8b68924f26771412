"""The proofs that a delivery comes from who knows the webhook's secret.

Pure: headers in, a claim out; the body is hashed as it arrives, before anybody parses it. Comparisons take as long for
a wrong text as for the right one.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from msgspec import Struct

PREFIX = "whsec_"

Headers = Mapping[str, str]

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_SECONDS = re.compile(r"[0-9]{1,15}")


class Claim(Struct, frozen=True, kw_only=True):
    """What a delivery brings: digests of `prefix` and the body, or the secret itself.

    `signed_at` is its time in seconds since 1970, and `signed_id` its id, where they are signed too.
    """

    prefix: bytes = b""
    digests: tuple[bytes, ...] = ()
    secrets: tuple[bytes, ...] = ()
    signed_at: int | None = None
    signed_id: str | None = None


class Proof(Struct, frozen=True, kw_only=True):
    """How a kind of sender proves itself; `claim_of` is None for headers without a proof, or with an empty one."""

    claim_of: Callable[[Headers], Claim | None]
    #: Where to look for it, for who sends none.
    place: str
    key_of: Callable[[str], bytes] = str.encode
    #: True where the secret itself is sent, which only HTTPS keeps.
    sends_secret: bool = False
    #: True where the time is signed with the body, so that no two pushes have all that is signed in common.
    signs_time: bool = False


class Check:
    """The check of one delivery against the secrets that are valid now, fed with the body as it arrives."""

    def __init__(self, proof: Proof, claim: Claim, secrets: Sequence[str]) -> None:
        self._claim = claim
        self._secrets = [secret.encode() for secret in secrets]
        self._macs = [hmac.new(proof.key_of(secret), claim.prefix, sha256) for secret in secrets if claim.digests]
        self._digest = sha256(claim.prefix)

    def feed(self, chunk: bytes) -> None:
        """Take the next part of the body."""
        self._digest.update(chunk)
        for mac in self._macs:
            mac.update(chunk)

    @property
    def digest(self) -> bytes:
        """SHA-256 of all that is signed, by which a replay is known."""
        return self._digest.digest()

    @property
    def is_right(self) -> bool:
        """True if one of the secrets was known; every pair is compared, so that time tells nothing."""
        signed = [hmac.compare_digest(mac.digest(), given) for mac in self._macs for given in self._claim.digests]
        sent = [hmac.compare_digest(own, given) for own in self._secrets for given in self._claim.secrets]
        return any(signed + sent)


def signed_body(header: str, prefix: str = "") -> Proof:
    """The hexadecimal HMAC-SHA256 of the body in a header, behind `prefix`."""

    def claim_of(headers: Headers) -> Claim | None:
        given = headers.get(header.lower(), "").strip()
        if not given:
            return None
        digest = given.removeprefix(prefix)
        is_digest = given.startswith(prefix) and _HEX.fullmatch(digest)
        # A text that is no digest is compared as one that is wrong.
        return Claim(digests=(bytes.fromhex(digest) if is_digest else b"",))

    return Proof(claim_of=claim_of, place=header)


def _standard_claim(headers: Headers) -> Claim | None:
    id_, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "").split()
    if not (id_ and timestamp and signatures):
        return None
    digests = [_decoded(one.removeprefix("v1,")) for one in signatures if one.startswith("v1,")]
    is_time = _SECONDS.fullmatch(timestamp)
    return Claim(
        prefix=f"{id_}.{timestamp}.".encode("latin-1", "replace"),
        digests=tuple(digests) if is_time else (b"",),
        signed_at=int(timestamp) if is_time else None,
        signed_id=id_,
    )


def _standard_key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX))


#: The signature of Standard Webhooks, over id, time and body.
STANDARD = Proof(claim_of=_standard_claim, place="webhook-signature", key_of=_standard_key, signs_time=True)


def sent_secret(header: str) -> Proof:
    """The secret itself in a header."""

    def claim_of(headers: Headers) -> Claim | None:
        given = headers.get(header.lower(), "")
        return Claim(secrets=(given.encode(),)) if given else None

    return Proof(claim_of=claim_of, place=header, sends_secret=True)


def sent_password(header: str) -> Proof:
    """The secret itself as the password of Basic authentication with any user, or in a header."""

    def claim_of(headers: Headers) -> Claim | None:
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        password = _decoded(credentials.strip()).partition(b":")[2] if scheme.lower() == "basic" else b""
        given = tuple(text for text in (password, headers.get(header.lower(), "").encode()) if text)
        return Claim(secrets=given) if given else None

    return Proof(claim_of=claim_of, place="Authorization", sends_secret=True)


def _decoded(text: str) -> bytes:
    """The bytes of a Base64 text; none for another."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
