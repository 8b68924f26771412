"""Fetching over ssh from a real sshd: the key stays in memory, and a host is believed only as it was confirmed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.server.remotes.conftest import LOOPBACK
from tests.support.histories import git
from tests.support.sshd import Sshd, make_key, running_sshd, sshd_program
from tgl_server.remotes import (
    HttpsToken,
    Reason,
    RemotePolicy,
    RemoteRefused,
    RemoteUnreachable,
    SshKey,
    fetch,
)

pytestmark = pytest.mark.skipif(sshd_program() is None, reason="needs sshd")


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    with running_sshd(tmp_path / "sshd") as sshd:
        yield sshd


@pytest.fixture
def policy(sshd: Sshd) -> RemotePolicy:
    return RemotePolicy(reach=LOOPBACK, ports=frozenset({sshd.port}))


@pytest.fixture
def credential(sshd: Sshd) -> SshKey:
    return SshKey(private_key=sshd.key, username=sshd.user, host_keys=(sshd.host_key,))


async def test_a_key_in_memory_fetches_from_a_host_that_was_confirmed(
    sshd: Sshd, source: Path, mirror: Path, policy: RemotePolicy, credential: SshKey
) -> None:
    await fetch(sshd.url(source), mirror, policy=policy, credential=credential)
    assert git(mirror, "rev-parse", "main") == git(source, "rev-parse", "main")
    secret = sshd.key.splitlines()[1].encode()
    assert all(secret not in file.read_bytes() for file in mirror.parent.rglob("*") if file.is_file())


async def test_the_name_is_resolved_here_and_the_host_key_belongs_to_the_name(
    sshd: Sshd, source: Path, mirror: Path, policy: RemotePolicy, credential: SshKey
) -> None:
    async def resolve(_: str) -> list[str]:
        return ["127.0.0.1"]

    url = f"ssh://{sshd.user}@forge.test:{sshd.port}{source}"
    await fetch(url, mirror, policy=msgspec.structs.replace(policy, resolve=resolve), credential=credential)
    assert git(mirror, "rev-list", "--count", "main") == "3"


async def test_a_host_that_nobody_confirmed_gets_no_key(
    sshd: Sshd, source: Path, mirror: Path, policy: RemotePolicy, credential: SshKey
) -> None:
    unconfirmed = msgspec.structs.replace(credential, host_keys=())
    with pytest.raises(RemoteRefused, match="not confirmed") as caught:
        await fetch(sshd.url(source), mirror, policy=policy, credential=unconfirmed)
    assert caught.value.reason is Reason.HOST_KEY_UNKNOWN


async def test_a_changed_host_key_is_told_with_both_fingerprints(
    sshd: Sshd, source: Path, mirror: Path, policy: RemotePolicy, credential: SshKey
) -> None:
    before = sshd.fingerprint()
    sshd.change_host_key()
    with pytest.raises(RemoteRefused, match="another than the one that was confirmed") as caught:
        await fetch(sshd.url(source), mirror, policy=policy, credential=credential)
    assert caught.value.reason is Reason.HOST_KEY_CHANGED
    assert before in str(caught.value)
    assert sshd.fingerprint() in str(caught.value)


async def test_a_key_that_the_remote_does_not_know(
    sshd: Sshd, source: Path, mirror: Path, policy: RemotePolicy, credential: SshKey, tmp_path: Path
) -> None:
    make_key(tmp_path / "other")
    wrong = msgspec.structs.replace(credential, private_key=(tmp_path / "other").read_text())
    with pytest.raises(RemoteRefused, match="refused the credentials"):
        await fetch(sshd.url(source), mirror, policy=policy, credential=wrong)


@pytest.mark.parametrize("other", [None, HttpsToken(token="for https")])
async def test_ssh_needs_a_key(
    sshd: Sshd, source: Path, mirror: Path, policy: RemotePolicy, other: HttpsToken | None
) -> None:
    with pytest.raises(RemoteRefused, match="key") as caught:
        await fetch(sshd.url(source), mirror, policy=policy, credential=other)
    assert caught.value.reason is Reason.CREDENTIALS


async def test_a_repository_that_is_not_there(
    sshd: Sshd, source: Path, mirror: Path, policy: RemotePolicy, credential: SshKey
) -> None:
    with pytest.raises(RemoteRefused, match="was not found"):
        await fetch(sshd.url(source) + "/none", mirror, policy=policy, credential=credential)


async def test_a_remote_that_goes_silent_is_left_at_the_stall_limit(
    sshd: Sshd, source: Path, mirror: Path, policy: RemotePolicy, credential: SshKey
) -> None:
    (sshd.folder / "authorized_keys").write_text(f'command="sleep 600" {sshd.public_key}\n')
    impatient = msgspec.structs.replace(policy, stall=timedelta(seconds=2))
    with pytest.raises(RemoteUnreachable, match="stopped sending") as caught:
        await fetch(sshd.url(source), mirror, policy=impatient, credential=credential)
    assert caught.value.reason is Reason.STALLED


async def test_the_configuration_and_keys_of_this_user_are_not_used(
    sshd: Sshd,
    source: Path,
    mirror: Path,
    policy: RemotePolicy,
    credential: SshKey,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {tmp_path}/was-run; false")
    monkeypatch.setenv("GIT_SSH", "/bin/false")
    await fetch(sshd.url(source), mirror, policy=policy, credential=credential)
    assert not (tmp_path / "was-run").exists()
