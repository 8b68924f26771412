"""Credentials are cut out of addresses, and kept apart."""

import pytest

from tgl_server.legacy.addresses import Address, cut_credentials


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://git.example.com/a.git", Address("https://git.example.com/a.git")),
        ("https://token@git.example.com/a", Address("https://git.example.com/a", None, "token")),
        ("https://me:p%40ss@git.example.com:8443/a", Address("https://git.example.com:8443/a", "me", "p@ss")),
        ("https://:secret@[::1]/a", Address("https://[::1]/a", None, "secret")),
        ("https://me:@git.example.com/a", Address("https://git.example.com/a", None, "me")),
        ("ssh://git@git.example.com/a", Address("ssh://git@git.example.com/a")),
        ("git@git.example.com:a.git", Address("git@git.example.com:a.git")),
        ("/srv/git/a", Address("/srv/git/a")),
        ("https://[bad/a", Address("https://[bad/a")),
        ("", Address("")),
    ],
)
def test_what_is_left_of_an_address(url: str, address: Address) -> None:
    assert cut_credentials(url) == address
