"""Remotes that lead elsewhere, lie, send too much, or never end; and what a fetch must not take from this machine."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.forge import Forge, running_forge
from tests.support.histories import git
from tests.support.hostile import endless_pack, endless_words, redirects
from tests.support.processes import processes_of
from tgl_server.remotes import (
    HttpsToken,
    Reason,
    RemoteFailed,
    RemotePolicy,
    RemoteRefused,
    RemoteTooLarge,
    RemoteUnreachable,
    fetch,
    size_of,
)

_MEGABYTE = 1024 * 1024


def leftovers(mirror: Path) -> list[Path]:
    return [*mirror.rglob("tmp_*"), *mirror.rglob("*.lock")]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_redirect_to_this_machine_is_not_followed(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy, tmp_path: Path, method: str
) -> None:
    url = forge.add(source)
    with running_forge(tmp_path / "trap", tls=False) as trap:
        trap.add(source)
        forge.intercept = redirects(trap.url, method=method)
        with pytest.raises(RemoteRefused, match="redirects") as caught:
            await fetch(url, mirror, policy=policy, credential=HttpsToken(token="for the forge alone"))
        assert caught.value.reason is Reason.REDIRECTED
        assert trap.requests == []


async def test_git_connects_to_the_address_that_was_checked_whatever_the_dns_says_later(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    forge.add(source)
    asked = []

    async def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    url = f"https://forge.test:{forge.port}/app.git"
    await fetch(url, mirror, policy=msgspec.structs.replace(policy, resolve=resolve))
    assert asked == ["forge.test"]
    assert git(mirror, "rev-parse", "main") == git(source, "rev-parse", "main")
    with pytest.raises(RemoteRefused, match="not a public address"):
        await fetch(url, mirror, policy=msgspec.structs.replace(policy, resolve=resolve))


async def test_a_blob_that_never_ends_is_stopped_near_the_limit(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    url = forge.add(source)
    forge.intercept = endless_pack()
    limit = 20 * _MEGABYTE
    with pytest.raises(RemoteTooLarge, match="PULL_MAX_BYTES") as caught:
        await fetch(url, mirror, policy=msgspec.structs.replace(policy, max_bytes=limit))
    assert caught.value.reason is Reason.BYTES
    assert leftovers(mirror) == []
    assert processes_of(mirror) == []
    forge.intercept = None
    await fetch(url, mirror, policy=policy)
    assert git(mirror, "rev-list", "--count", "main") == "3"


async def test_no_file_of_a_fetch_is_ever_over_the_limit(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = forge.add(source)
    forge.intercept = endless_pack()
    largest = 0

    def look(folder: Path) -> None:
        nonlocal largest
        largest = max([largest, *(file.stat().st_size for file in folder.rglob("tmp_pack_*"))])

    monkeypatch.setattr("tgl_server.remotes.fetching.delete_leftovers", look)
    with pytest.raises(RemoteTooLarge):
        await fetch(url, mirror, policy=msgspec.structs.replace(policy, max_bytes=20 * _MEGABYTE))
    assert 0 < largest <= 20 * _MEGABYTE


async def test_a_mirror_and_its_news_together_stay_below_the_limit(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    url = forge.add(source)
    forge.intercept = endless_pack(at_once=3 * _MEGABYTE)
    with pytest.raises(RemoteTooLarge):
        await fetch(url, mirror, policy=msgspec.structs.replace(policy, max_bytes=2 * _MEGABYTE))
    assert size_of(mirror) < _MEGABYTE


@pytest.mark.parametrize("seconds", [1, 2])
async def test_an_endless_slow_remote_is_left_at_the_stall_limit(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy, seconds: int
) -> None:
    url = forge.add(source)
    forge.intercept = endless_pack(pause_seconds=0.2)
    with pytest.raises(RemoteUnreachable, match="stopped sending") as caught:
        await fetch(url, mirror, policy=msgspec.structs.replace(policy, stall=timedelta(seconds=seconds)))
    assert caught.value.reason is Reason.STALLED
    assert leftovers(mirror) == []


async def test_an_endless_talker_is_left_at_the_deadline(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    url = forge.add(source)
    forge.intercept = endless_words()
    with pytest.raises(RemoteFailed, match="PULL_FETCH_MINUTES") as caught:
        await fetch(url, mirror, policy=msgspec.structs.replace(policy, deadline=timedelta(seconds=4)))
    assert caught.value.reason is Reason.DEADLINE
    assert processes_of(mirror) == []


async def test_too_many_branches_are_refused_before_any_is_fetched(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    for number in range(5):
        git(source, "branch", f"b{number}")
    url = forge.add(source)
    with pytest.raises(RemoteTooLarge, match="5 branches") as caught:
        await fetch(url, mirror, policy=msgspec.structs.replace(policy, max_refs=5))
    assert caught.value.reason is Reason.REFS
    assert git(mirror, "for-each-ref") == ""
    await fetch(url, mirror, policy=msgspec.structs.replace(policy, max_refs=6))
    assert len(git(mirror, "for-each-ref").splitlines()) == 6


async def test_a_remote_that_has_more_branches_the_second_time_is_refused_as_well(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    url = forge.add(source)

    def grow(_: object) -> bool:
        if forge.requests[-1].startswith("GET") and len(forge.requests) > 2:
            for number in range(5):
                git(forge.root / "app.git", "branch", "-f", f"b{number}", "main")
        return False

    forge.intercept = grow
    with pytest.raises(RemoteTooLarge) as caught:
        await fetch(url, mirror, policy=msgspec.structs.replace(policy, max_refs=5))
    assert caught.value.reason is Reason.REFS


async def test_nothing_of_this_machines_configuration_reaches_git(
    forge: Forge,
    source: Path,
    mirror: Path,
    policy: RemotePolicy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = forge.add(source)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[url "https://127.0.0.1:9/"]\n\tinsteadOf = "{forge.url}/"\n')
    (home / ".netrc").write_text("machine 127.0.0.1 login reader password from-netrc\n")
    monkeypatch.setenv("HOME", str(home))
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "http.sslVerify")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "false")
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    await fetch(url, mirror, policy=policy)
    assert git(mirror, "--git-dir", str(mirror), "rev-list", "--count", "main") == "3"
    with pytest.raises(RemoteRefused, match="certificate"):
        await fetch(url, mirror, policy=msgspec.structs.replace(policy, ca_file=None))
    forge.token = "from-netrc"
    with pytest.raises(RemoteRefused, match="none are stored"):
        await fetch(url, mirror, policy=policy)


async def test_no_hook_of_a_mirror_is_run(forge: Forge, source: Path, mirror: Path, policy: RemotePolicy) -> None:
    url = forge.add(source)
    await fetch(url, mirror, policy=policy)
    hook = mirror / "hooks" / "reference-transaction"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {mirror}/was-run\n")
    hook.chmod(0o755)
    git(source, "branch", "another")
    forge.update(source)
    await fetch(url, mirror, policy=policy)
    assert "another" in git(mirror, "for-each-ref")
    assert not (mirror / "was-run").exists()
