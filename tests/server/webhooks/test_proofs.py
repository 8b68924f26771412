"""A proof is right for who knows the secret, and for nobody else."""

import base64
import hmac
from hashlib import sha256

import pytest

from tgl_server.webhooks.proofs import STANDARD, Check, Proof, sent_password, sent_secret, signed_body

SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
#: As GitHub publishes it for this secret and body.
DIGEST = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
GITHUB = signed_body("X-Hub-Signature-256", "sha256=")


def is_right(proof: Proof, headers: dict[str, str], *secrets: str, body: bytes = BODY, pieces: int = 1) -> bool:
    claim = proof.claim_of(headers)
    if claim is None:
        return False
    check = Check(proof, claim, secrets)
    for at in range(0, len(body), pieces):
        check.feed(body[at : at + pieces])
    return check.is_right


def test_githubs_published_vector_is_right_in_any_pieces_and_spelling() -> None:
    for digest in (DIGEST, DIGEST.upper()):
        for pieces in (1, 5, 100):
            assert is_right(GITHUB, {"x-hub-signature-256": f"sha256={digest}"}, SECRET, pieces=pieces)


@pytest.mark.parametrize(
    "given",
    ["", " ", DIGEST, f"sha1={DIGEST}", "sha256=", f"sha256={DIGEST[:-1]}", f"sha256={DIGEST}0", f"sha256= {DIGEST}"],
)
def test_another_text_is_not(given: str) -> None:
    assert not is_right(GITHUB, {"x-hub-signature-256": given}, SECRET)


def test_another_body_secret_or_header_is_not() -> None:
    right = {"x-hub-signature-256": f"sha256={DIGEST}"}
    assert not is_right(GITHUB, right, SECRET, body=BODY + b"\n")
    assert not is_right(GITHUB, right, SECRET.lower())
    assert not is_right(GITHUB, right)
    assert not is_right(GITHUB, {"x-hub-signature": f"sha256={DIGEST}"}, SECRET)


def test_either_of_two_secrets_is_right() -> None:
    headers = {"x-hub-signature-256": f"sha256={DIGEST}"}
    assert is_right(GITHUB, headers, "new", SECRET)
    assert is_right(GITHUB, headers, SECRET, "old")


def test_a_standard_signature_covers_id_and_time_and_may_be_one_of_several() -> None:
    key = b"k" * 32
    secret = "whsec_" + base64.b64encode(key).decode()
    mac = hmac.new(key, b"msg_1.1700000000." + BODY, sha256).digest()
    signature = f"v1a,AAAA v1,{base64.b64encode(bytes(32)).decode()} v1,{base64.b64encode(mac).decode()}"
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1700000000", "webhook-signature": signature}
    assert is_right(STANDARD, headers, secret)
    for name, value in {"webhook-id": "msg_2", "webhook-timestamp": "1700000001", "webhook-signature": "v1,"}.items():
        assert not is_right(STANDARD, headers | {name: value}, secret)
    for name in headers:
        assert STANDARD.claim_of(headers | {name: ""}) is None
    for time in ("soon", "-1", "1e9", "1" * 16, "\u0661700000000"):
        assert not is_right(STANDARD, headers | {"webhook-timestamp": time}, secret)


def test_the_time_of_a_standard_signature_is_known() -> None:
    headers = {"webhook-id": "a", "webhook-timestamp": "1700000000", "webhook-signature": "v1,AAAA"}
    claim = STANDARD.claim_of(headers)
    assert claim is not None
    assert (claim.signed_at, claim.signed_id) == (1_700_000_000, "a")


def test_a_sent_secret_is_compared_as_a_whole() -> None:
    proof = sent_secret("X-Gitlab-Token")
    assert is_right(proof, {"x-gitlab-token": SECRET}, SECRET)
    for given in (SECRET[:-1], SECRET + " ", "\u00e9"):
        assert not is_right(proof, {"x-gitlab-token": given}, SECRET)


def test_a_password_is_right_for_any_user_and_a_header_instead_of_it() -> None:
    proof = sent_password("X-TGL-Token")
    for user in ("", "ada", "a b"):
        basic = base64.b64encode(f"{user}:{SECRET}".encode()).decode()
        assert is_right(proof, {"authorization": f"Basic {basic}"}, SECRET)
    assert is_right(proof, {"x-tgl-token": SECRET}, SECRET)
    for given in ("Basic", "Basic !", "Basic " + base64.b64encode(SECRET.encode()).decode(), f"Bearer {SECRET}"):
        assert not is_right(proof, {"authorization": given}, SECRET)


def test_what_is_signed_has_one_digest_however_it_arrives() -> None:
    claim = GITHUB.claim_of({"x-hub-signature-256": f"sha256={DIGEST}"})
    assert claim is not None
    whole, parts = Check(GITHUB, claim, [SECRET]), Check(GITHUB, claim, [SECRET])
    whole.feed(BODY)
    for letter in BODY:
        parts.feed(bytes([letter]))
    assert whole.digest == parts.digest == sha256(BODY).digest()
