"""Which addresses belong to nobody."""

import pytest

from tgl_server.players.addresses import is_nobodys


@pytest.mark.parametrize(
    "email",
    ["", "none", "@", "none@none", "root@localhost", "@corp.com", "ada@", "ada@mac.(none)", "a@localhost.localdomain",
     "NONE@NONE", "you@example.com", "a@host.invalid", "noreply@github.com", "ada@."],
)  # fmt: skip
def test_an_address_without_a_host_or_a_person_is_nobodys(email: str) -> None:
    assert is_nobodys(email)


@pytest.mark.parametrize(
    "email",
    ["ada@example.com", "ada@corp.local", "12345+ada@users.noreply.github.com", "ada@mac.home", "a@b@c.org", "ä@ö.de"],
)
def test_any_other_address_is_somebodys(email: str) -> None:
    assert not is_nobodys(email)
