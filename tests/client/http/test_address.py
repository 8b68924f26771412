"""Addresses: where a key may go."""

import pytest

from tgl_client.errors import ConfigError, InsecureUrlError
from tgl_client.http.address import Target, parse_server_url


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("https://league.example.com", "https://league.example.com"),
        ("https://league.example.com/", "https://league.example.com"),
        (" https://league.example.com/tgl/api/v1/ ", "https://league.example.com/tgl"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.8.0.1", "http://127.8.0.1"),
        ("http://[::1]:80", "http://[::1]"),
        ("HTTPS://League.Example.com:443//api/v1//", "https://league.example.com"),
        ("https://league.example.com:", "https://league.example.com"),
        ("https://league.example.com:80", "https://league.example.com:80"),
        ("http://localhost:443", "http://localhost:443"),
    ],
)
def test_an_address_is_brought_into_one_form(text: str, base: str) -> None:
    assert parse_server_url(text).base == base


@pytest.mark.parametrize("text", ["http://league.example.com", "http://localhost.example.com", "http://10.0.0.1"])
def test_plain_http_is_for_loopback_only(text: str) -> None:
    with pytest.raises(InsecureUrlError):
        parse_server_url(text)


@pytest.mark.parametrize("text", ["", "league.example.com", "ftp://x", "https://", "https://u:p@x", "https://x?a=1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_server_url(text)


def test_names_cannot_leave_their_place_in_the_path() -> None:
    assert Target("a/../b", "c d?").path == "/projects/a%2F..%2Fb/repos/c%20d%3F"
