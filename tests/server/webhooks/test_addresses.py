"""One repository has many addresses."""

import pytest

from tgl_server.webhooks.addresses import is_same, place_of

ONE = "https://git.example.com/team/linux.git"


@pytest.mark.parametrize(
    "other",
    [
        ONE,
        "https://git.example.com/team/linux",
        "https://git.example.com/team/linux/",
        "http://git.example.com:8443/Team/Linux.git",
        "https://ada:secret@GIT.example.com/team/linux.git",
        "ssh://git@git.example.com:2222/team/linux.git",
        "git@git.example.com:team/linux.git",
        "git@git.example.com:/team/linux",
        "git.example.com:team/linux.git",
        "https://git.example.com/team/%6Cinux.git",
        " https://git.example.com/team/linux.git\n",
    ],
)
def test_another_address_of_one_repository_is_the_same(other: str) -> None:
    assert is_same(ONE, [other])
    assert is_same(other, ["https://elsewhere.example/x", ONE])


@pytest.mark.parametrize(
    "other",
    [
        "https://git.example.com/team/linux2.git",
        "https://git.example.com/other/linux.git",
        "https://git.example.com/group/team/linux.git",
        "https://example.com/team/linux.git",
        "https://git.example.com.evil.example/team/linux.git",
        "https://git.example.com@evil.example/team/linux.git",
        "https://[broken/team/linux",
        "https://git.example.com/",
        "git@git.example.com:",
        "/srv/git/linux.git",
        "linux",
        "",
    ],
)
def test_an_address_of_another_repository_is_not(other: str) -> None:
    assert not is_same(ONE, [other])
    assert not is_same(other, [ONE])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("git@github.com:team/linux.git", "ssh://git@ssh.github.com:443/team/linux.git"),
        ("https://bitbucket.org/team/linux.git", "git@altssh.bitbucket.org:team/linux.git"),
        ("https://bb.example/scm/TEAM/linux.git", "ssh://git@bb.example:7999/team/linux.git"),
        ("https://bb.example/bitbucket/scm/TEAM/linux.git", "https://bb.example/bitbucket/scm/team/linux"),
        ("https://dev.azure.com/org/team/_git/linux", "git@ssh.dev.azure.com:v3/org/team/linux"),
        ("https://org@dev.azure.com/org/team/_git/linux", "https://org.visualstudio.com/team/_git/linux"),
        (
            "https://dev.azure.com/org/My%20Team/_git/linux",
            "https://org.visualstudio.com/DefaultCollection/my team/_git/linux",
        ),
    ],
)
def test_the_addresses_of_a_forge_for_ssh_and_for_https_are_the_same(one: str, other: str) -> None:
    assert is_same(one, [other])
    assert place_of(one) is not None


def test_a_repository_that_is_named_like_a_part_of_an_address_keeps_its_name() -> None:
    assert place_of("https://git.example.com/team/scm.git") == ("git.example.com", "team/scm")
    assert place_of("https://git.example.com/scm/tools.git") == ("git.example.com", "scm/tools")
