"""What is no access token of ours, and what is."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from tests.support.servers import SECRET_KEY
from tgl_server import errors
from tgl_server.auth.access_token import AccessClaims, AccessTokens
from tgl_server.settings import Algorithm, Settings

USER, SESSION = uuid4(), uuid4()
OTHER_SECRET = "another-secret-" * 5


def now() -> datetime:
    """Asked anew by each test: the suite takes longer than a token may be old."""
    return datetime.now(UTC)


def tokens(algorithm: Algorithm = Algorithm.HS256, secret: str = SECRET_KEY) -> AccessTokens:
    return AccessTokens(Settings(secret_key=secret, algorithm=algorithm))


def claims(**changes: Any) -> dict[str, Any]:
    """Of a good token; None leaves a claim out."""
    good = {"sub": str(USER), "sid": str(SESSION), "iat": now(), "exp": now() + timedelta(days=1), "jti": "1"}
    return {name: value for name, value in {**good, "typ": "access", **changes}.items() if value is not None}


def signed(secret: str = SECRET_KEY, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), secret, algorithm=algorithm)


def unsigned(header: dict[str, Any] | bytes, signature: str = "") -> str:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = json.dumps(claims(iat=now().timestamp(), exp=now().timestamp() + 86_400)).encode()
    parts = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (head, body)]
    return ".".join([*parts, signature])


def test_a_token_says_whose_session_it_is() -> None:
    token = tokens().issue(USER, SESSION, now())
    read = tokens().read(token)
    assert read == AccessClaims(USER, SESSION, read.expires_at)
    assert set(jwt.decode(token, options={"verify_signature": False})) == {"sub", "sid", "iat", "exp", "jti", "typ"}


def test_two_tokens_of_one_moment_differ() -> None:
    assert tokens().issue(USER, SESSION, now()) != tokens().issue(USER, SESSION, now())


def test_a_token_expires_after_thirty_minutes() -> None:
    issued = now().replace(microsecond=0)
    assert tokens().read(tokens().issue(USER, SESSION, issued)).expires_at == issued + timedelta(minutes=30)


def test_a_clock_that_is_ahead_on_another_machine_does_no_harm() -> None:
    assert tokens().read(signed(iat=now() + timedelta(minutes=2))).user_id == USER


@pytest.mark.parametrize("algorithm", Algorithm)
def test_only_the_configured_algorithm_is_accepted(algorithm: Algorithm) -> None:
    token = tokens(algorithm).issue(USER, SESSION, now())
    for other in Algorithm:
        if other is algorithm:
            assert tokens(other).read(token).session_id == SESSION
        else:
            with pytest.raises(errors.InvalidCredentials):
                tokens(other).read(token)


FORGED = {
    "signed with another secret": signed(OTHER_SECRET),
    "alg none": unsigned({"alg": "none", "typ": "JWT"}),
    "alg NONE with a signature": unsigned({"alg": "NONE"}, signed().rpartition(".")[2]),
    "another algorithm, the right secret": signed(algorithm="HS512"),
    "alg RS256 without a key": unsigned({"alg": "RS256"}, "AAAA"),
    "no signature": signed().rpartition(".")[0] + ".",
    "body exchanged": unsigned({"alg": "HS256"}, signed().rpartition(".")[2]),
    "another type": signed(typ="refresh"),
    "no type": signed(typ=None),
    "no session": signed(sid=None),
    "no user": signed(sub=None),
    "no expiry": signed(exp=None),
    "expires in no year": signed(exp=10**18),
    "expires at no number": signed(exp="soon"),
    "no id": signed(jti=None),
    "session is no UUID": signed(sid="1' OR 1=1"),
    "session is a number": signed(sid=5),
    "user is no UUID": signed(sub="root"),
    "not yet valid": signed(nbf=now() + timedelta(hours=1)),
    "deeply nested header": unsigned(b"[" * 30_000),
    "header is a list": unsigned(b"[]"),
    "algorithm is a list": unsigned(b'{"alg": ["HS256"]}'),
    "critical extension": unsigned({"alg": "HS256", "crit": ["b64"]}),
    "not three parts": "a.b",
    "empty parts": "..",
    "not base64": "%.%.%",
    "not ASCII": "\xe9.\xe9.\xe9",
    "half a surrogate pair": "\udc80.a.b",
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_everything_else_is_refused_alike(token: str) -> None:
    with pytest.raises(errors.InvalidCredentials) as refused:
        tokens().read(token)
    assert refused.value.status == 401
    assert not isinstance(refused.value.__cause__, Exception)


def test_without_a_secret_a_token_is_good_for_its_own_process_alone() -> None:
    one, other = tokens(secret=""), tokens(secret="")
    token = one.issue(USER, SESSION, now())
    assert isinstance(one.read(token).user_id, UUID)
    with pytest.raises(errors.InvalidCredentials):
        other.read(token)
