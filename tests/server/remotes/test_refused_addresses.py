"""Addresses that are never fetched: nothing is started for them, and the refusal names no secret."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tgl_server.outbound.addresses import Reach
from tgl_server.remotes import Reason, RemotePolicy, RemoteRefused, RemoteUnreachable, fetch, size_of
from tgl_server.remotes.address import parse

_EVERYTHING = RemotePolicy(reach=Reach(hosts=("*",)), allow_http=True, ports=frozenset({8080}))


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/pwned",
        "ext::sh",
        "fd::7",
        "file:///etc",
        "file://localhost/etc",
        "FILE:///etc",
        "/etc",
        "../relative",
        "relative/path",
        "git://github.com/git/git",
        "ftp://example.com/app.git",
        "ftps://example.com/app.git",
        "svn+ssh://example.com/app.git",
        "git+ssh://example.com/app.git",
        "gopher://example.com/",
        "dict://example.com/",
        "--upload-pack=touch /tmp/pwned",
        "--upload-pack=touch",
        "-oProxyCommand=touch",
        "ssh://-oProxyCommand=touch/app.git",
        "ssh://git@-oProxyCommand=touch/app.git",
        "ssh://-oProxyCommand=touch@example.com/app.git",
        "ssh://%2DoProxyCommand=touch@example.com/app.git",
        "-oProxyCommand=touch@example.com:app.git",
        "git@-example.com:app.git",
        "git@example.com:-app.git",
        "git@example.com::app.git",
        "https://user:secret@example.com/app.git",
        "https://example.com/app.git?private_token=secret",
        "https://example.com/app.git#secret",
        "https://example.com:22/app.git",
        "https://example.com:6379/app.git",
        "ssh://git@example.com:443/app.git",
        "https://example.com:99999/app.git",
        "https:///app.git",
        "https://",
        "https://exa mple.com/app.git",
        "https://example.com/app.git\nx",
        "https://example.com/\x00app.git",
        "https://example.com./app.git",
        "https://exam_ple..com/app.git",
        "https://[::1/app.git",
        "https://[fe80::1%25eth0]/app.git",
        "https://example.com\\@127.0.0.1/app.git",
        "https://127.1/app.git",
        "https://2130706433/app.git",
        "https://0x7f000001/app.git",
        "https://0177.0.0.1/app.git",
        "https://127.0.0.0x1/app.git",
        "git@127.1:app.git",
        "javascript:alert(1)",
        "C:\\repositories\\app",
        "",
    ],
)
async def test_no_process_is_started_for_such_an_address(url: str, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    for policy in (RemotePolicy(), _EVERYTHING):
        with pytest.raises(RemoteRefused) as caught:
            await fetch(url, mirror, policy=policy)
        assert caught.value.reason is Reason.ADDRESS
        assert "secret" not in str(caught.value)
    assert size_of(tmp_path) == 0


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
    ],
)
async def test_a_private_address_is_refused_over_every_protocol(host: str, tmp_path: Path) -> None:
    for url in (f"https://{host}/app.git", f"http://{host}/app.git", f"ssh://git@{host}/app.git"):
        with pytest.raises(RemoteRefused, match=r"does not connect to") as caught:
            await fetch(url, tmp_path / "mirror", policy=RemotePolicy(allow_http=True))
        assert "PULL_ALLOWED_NETWORKS" in caught.value.remedy


async def test_clear_text_needs_the_operators_word(tmp_path: Path) -> None:
    with pytest.raises(RemoteRefused, match="PULL_ALLOW_HTTP"):
        await fetch("http://example.com/app.git", tmp_path / "mirror", policy=RemotePolicy())


@pytest.mark.parametrize("answers", [["93.184.215.14", "127.0.0.1"], ["169.254.169.254"], ["::ffff:10.0.0.1"]])
async def test_a_name_with_a_private_answer_is_refused(answers: list[str], tmp_path: Path) -> None:
    async def resolve(_: str) -> Sequence[str]:
        return answers

    for url in ("https://evil.example/app.git", "git@evil.example:app.git"):
        with pytest.raises(RemoteRefused, match="not a public address") as caught:
            await fetch(url, tmp_path / "mirror", policy=RemotePolicy(resolve=resolve))
        assert not [answer for answer in answers if answer in str(caught.value)]


async def test_a_name_that_cannot_be_resolved_is_not_given_to_git(tmp_path: Path) -> None:
    async def fails(_: str) -> Sequence[str]:
        raise OSError("SERVFAIL")

    policy = msgspec.structs.replace(_EVERYTHING, resolve=fails)
    with pytest.raises(RemoteUnreachable, match="could not be resolved") as caught:
        await fetch("https://git.corp.example/app.git", tmp_path / "mirror", policy=policy)
    assert caught.value.reason is Reason.UNRESOLVED


async def test_behind_a_proxy_only_hosts_that_the_operator_named_are_fetched(tmp_path: Path) -> None:
    policy = RemotePolicy(proxy="http://127.0.0.1:9", reach=Reach(hosts=("git.corp.example",)))
    for host in ("other.example", "127.0.0.1", "169.254.169.254"):
        with pytest.raises(RemoteRefused, match="PULL_ALLOWED_HOSTS"):
            await fetch(f"https://{host}/app.git", tmp_path / "mirror", policy=policy)
    with pytest.raises(RemoteUnreachable):
        await fetch("https://git.corp.example/app.git", tmp_path / "mirror", policy=policy)


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("HTTPS://Example.COM/Team/App.git", "https://example.com/Team/App.git"),
        ("https://example.com:443/app.git", "https://example.com/app.git"),
        ("https://example.com:8080/app.git", "https://example.com:8080/app.git"),
        ("https://org@dev.azure.com/org/app", "https://dev.azure.com/org/app"),
        ("https://bücher.example/app.git", "https://xn--bcher-kva.example/app.git"),
        ("https://[2606:2800:220:1:0:0:0:1]/app.git", "https://[2606:2800:220:1::1]/app.git"),
        ("ssh://example.com/app.git", "ssh://git@example.com/app.git"),
        ("ssh://gitea@example.com:8080/app.git", "ssh://gitea@example.com:8080/app.git"),
        ("git@example.com:team/app.git", "git@example.com:team/app.git"),
        ("example.com:app.git", "git@example.com:app.git"),
    ],
)
def test_git_is_given_an_address_that_is_put_together_again(url: str, made: str) -> None:
    assert parse(url, _EVERYTHING).url == made
