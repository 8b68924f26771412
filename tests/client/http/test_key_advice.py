"""The hint for a refused key follows the server's reason, and the place that the key came from."""

import pytest

from tgl_client.errors import AuthenticationError, NotAllowedError
from tgl_client.http.address import parse_server_url
from tgl_client.http.key_advice import advice

URL = parse_server_url("https://league.example.com")


@pytest.mark.parametrize(
    ("origin", "way"),
    [
        (None, "then `tgl login https://league.example.com`"),
        ("/home/ann/.config/tgl/login.json", "then `tgl login https://league.example.com`"),
        ("environment variable TGL_API_KEY", "then put it into TGL_API_KEY, which wins over a login, or unset"),
        ("/srv/repos.yaml:3", "then put it into /srv/repos.yaml:3, which wins over a login"),
    ],
)
@pytest.mark.parametrize("code", ["revoked_api_key", "inactive_api_key", "insufficient_scope", "network_not_allowed"])
def test_a_login_is_advised_only_where_it_would_be_used(origin: str | None, way: str, code: str) -> None:
    refused = AuthenticationError("no", status=401, code=code)
    hint = advice(URL, refused, origin)
    assert hint is not None
    assert way in hint
    assert "https://league.example.com/settings/keys" in hint


@pytest.mark.parametrize("code", ["network_not_allowed", "forbidden", "account_not_active"])
def test_what_is_no_lack_of_scopes_is_not_told_as_one(code: str) -> None:
    hint = advice(URL, NotAllowedError("no", status=403, code=code), None)
    assert hint is not None
    assert "scope" not in hint


def test_an_unknown_reason_keeps_the_hint_of_the_error() -> None:
    assert advice(URL, NotAllowedError("no", status=403, code="new_in_2031"), None) is None
