"""Fetching over HTTPS from a forge that behaves: what arrives, what is left, and what each failure says."""

from pathlib import Path

import msgspec
import pytest

from tests.server.remotes.conftest import LOOPBACK
from tests.support.forge import Forge, running_forge
from tests.support.histories import add_commits, git
from tgl_server.remotes import (
    HttpsToken,
    Reason,
    RemoteError,
    RemotePolicy,
    RemoteRefused,
    RemoteUnreachable,
    fetch,
    size_of,
)

TOKEN = "glpat-s3cr$t \"'`x`"


def branches(mirror: Path) -> dict[str, str]:
    lines = git(mirror, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split() for line in lines)


async def test_every_branch_arrives_and_later_ones_and_what_was_deleted_goes(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    git(source, "branch", "old")
    git(source, "tag", "v1")
    url = forge.add(source)
    await fetch(url, mirror, policy=policy)
    tip = git(source, "rev-parse", "main")
    assert branches(mirror) == {"refs/heads/main": tip, "refs/heads/old": tip}
    git(source, "branch", "-D", "old")
    git(source, "branch", "old/nested")
    add_commits(source, 2)
    forge.update(source)
    await fetch(url, mirror, policy=policy)
    assert branches(mirror) == {
        "refs/heads/main": git(source, "rev-parse", "main"),
        "refs/heads/old/nested": tip,
    }
    assert 0 < size_of(mirror) < 1_000_000


async def test_a_rewritten_branch_is_followed(forge: Forge, source: Path, mirror: Path, policy: RemotePolicy) -> None:
    url = forge.add(source)
    await fetch(url, mirror, policy=policy)
    git(source, "update-ref", "refs/heads/main", "main~1")
    forge.update(source)
    await fetch(url, mirror, policy=policy)
    assert branches(mirror) == {"refs/heads/main": git(source, "rev-parse", "main")}


async def test_a_remote_without_news_is_asked_for_its_branches_alone(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    url = forge.add(source)
    await fetch(url, mirror, policy=policy)
    first = len(forge.requests)
    await fetch(url, mirror, policy=policy)
    assert len(forge.requests) - first == 2  # the capabilities, and the branches


async def test_an_empty_remote_makes_an_empty_mirror(
    forge: Forge, tmp_path: Path, mirror: Path, policy: RemotePolicy
) -> None:
    git(tmp_path, "init", "-q", "--bare", str(forge.root / "empty.git"))
    await fetch(f"{forge.url}/empty.git", mirror, policy=policy)
    assert branches(mirror) == {}


async def test_the_right_token_opens_the_forge_and_is_kept_nowhere(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    url = forge.add(source)
    forge.token = TOKEN
    await fetch(url, mirror, policy=policy, credential=HttpsToken(username="reader", token=TOKEN))
    assert branches(mirror)
    everything = b"".join(file.read_bytes() for file in mirror.parent.rglob("*") if file.is_file())
    assert TOKEN.encode() not in everything
    assert forge.url.encode() not in everything


@pytest.mark.parametrize(
    ("credential", "sentence"),
    [(None, "none are stored"), (HttpsToken(username="reader", token="wr0ng"), "refused the credentials")],
)
async def test_a_refused_token_is_told_from_a_missing_one(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy, credential: HttpsToken | None, sentence: str
) -> None:
    url = forge.add(source)
    forge.token = TOKEN
    with pytest.raises(RemoteRefused, match=sentence) as caught:
        await fetch(url, mirror, policy=policy, credential=credential)
    assert caught.value.reason is Reason.CREDENTIALS
    assert caught.value.remedy
    assert "wr0ng" not in str(caught.value)


async def test_a_repository_that_the_forge_does_not_have(forge: Forge, mirror: Path, policy: RemotePolicy) -> None:
    with pytest.raises(RemoteRefused, match="was not found") as caught:
        await fetch(f"{forge.url}/none.git", mirror, policy=policy)
    assert caught.value.reason is Reason.NOT_FOUND


async def test_an_unknown_authority_is_not_trusted(
    forge: Forge, source: Path, mirror: Path, policy: RemotePolicy
) -> None:
    strict = msgspec.structs.replace(policy, ca_file=None)
    with pytest.raises(RemoteRefused, match="certificate") as caught:
        await fetch(forge.add(source), mirror, policy=strict)
    assert caught.value.reason is Reason.CERTIFICATE


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_forge_with_an_error_is_tried_again(
    forge: Forge, mirror: Path, policy: RemotePolicy, status: int
) -> None:
    forge.intercept = lambda handler: handler.answer(status)
    with pytest.raises(RemoteUnreachable) as caught:
        await fetch(f"{forge.url}/app.git", mirror, policy=policy)
    assert caught.value.reason is Reason.SERVER_ERROR


async def test_a_port_where_nobody_listens(forge: Forge, mirror: Path, policy: RemotePolicy) -> None:
    closed = msgspec.structs.replace(policy, ports=frozenset({9}))
    with pytest.raises(RemoteUnreachable, match="no connection"):
        await fetch("https://127.0.0.1:9/app.git", mirror, policy=closed)


async def test_a_folder_is_fetched_below_the_operators_folders_alone(
    source: Path, tmp_path: Path, mirror: Path
) -> None:
    allowed = RemotePolicy(local_roots=(tmp_path,))
    for address in (str(source), source.as_uri()):
        await fetch(address, mirror, policy=allowed)
        assert branches(mirror) == {"refs/heads/main": git(source, "rev-parse", "main")}
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "way-out").symlink_to(source)
    narrow = RemotePolicy(local_roots=(tmp_path / "inside",))
    for address in (str(tmp_path / "inside" / "way-out"), f"{tmp_path}/inside/../source", str(source)):
        with pytest.raises(RemoteRefused, match="PULL_LOCAL_ROOTS"):
            await fetch(address, mirror, policy=narrow)


def test_every_error_says_what_happened_and_what_to_do() -> None:
    error = RemoteError("the disk is full", "free some space", Reason.DISK_FULL)
    assert str(error) == "the disk is full; free some space"


async def test_clear_text_is_fetched_where_the_operator_allows_it(source: Path, mirror: Path, tmp_path: Path) -> None:
    with running_forge(tmp_path / "plain", tls=False) as plain:
        plain.token = TOKEN
        policy = RemotePolicy(reach=LOOPBACK, ports=frozenset({plain.port}), allow_http=True)
        await fetch(plain.add(source), mirror, policy=policy, credential=HttpsToken(username="reader", token=TOKEN))
    assert branches(mirror) == {"refs/heads/main": git(source, "rev-parse", "main")}
