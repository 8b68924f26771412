"""The keys of a real ssh host: scanned, confirmed by a maintainer, trusted by pulls, and told when they change."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.server.credentials.conftest import KEY, Remote, make_remote, opened
from tests.support.histories import git, make_repository
from tests.support.people import People, make_project
from tests.support.servers import RunningServer
from tests.support.sshd import Sshd, running_sshd, sshd_program
from tests.support.waiting import until
from tgl_server.db.engine import Database
from tgl_server.outbound.addresses import Reach
from tgl_server.remotes import Reason, RemotePolicy, RemoteRefused, fetch
from tgl_server.remotes.turns import MOST_SCANS

pytestmark = pytest.mark.skipif(sshd_program() is None, reason="needs sshd")


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    with running_sshd(tmp_path / "sshd") as sshd:
        yield sshd


@pytest.fixture
async def on_host(
    sshd: Sshd, start_server: Callable[..., RunningServer], database: Database, tmp_path: Path
) -> AsyncIterator[Remote]:
    """A repository whose remote is at the host, with its key stored."""
    make_repository(tmp_path / "source", 3)
    server = start_server(
        secrets_keys=KEY, pull_allowed_networks="127.0.0.1/32", pull_allowed_ports=sshd.port, log_level="debug"
    )
    async with AsyncExitStack() as stack:
        ada = await People(server, database, stack).make("ada")
        await make_project(ada)
        remote = await make_remote(ada, git_url=sshd.url(tmp_path / "source"))
        assert (await remote.store(kind="ssh_key", secret=sshd.key, username=sshd.user)).status == 200
        yield remote


async def scanned(remote: Remote) -> list[dict[str, Any]]:
    answer = await remote.owner.post(f"{remote.path}/credentials/host-keys/scan", {})
    assert answer.status == 200, answer.body
    keys: list[dict[str, Any]] = answer.json["keys"]
    return keys


async def test_a_host_is_trusted_once_its_fingerprint_is_confirmed_and_until_it_changes(
    on_host: Remote, sshd: Sshd, database: Database, tmp_path: Path
) -> None:
    policy = RemotePolicy(reach=Reach(networks=(ip_network("127.0.0.1/32"),)), ports=frozenset({sshd.port}))
    url, mirror = sshd.url(tmp_path / "source"), tmp_path / "mirror.git"

    async def pull() -> None:
        await fetch(url, mirror, policy=policy, credential=await opened(database, on_host.repo_id, policy=policy))

    with pytest.raises(RemoteRefused, match="not confirmed"):
        await pull()
    (key,) = await scanned(on_host)
    assert (key["public_key"], key["fingerprint"]) == (sshd.host_key, sshd.fingerprint())
    assert key["confirmed_at"] is None
    confirm = f"{on_host.path}/credentials/host-keys"
    confirmed = await on_host.owner.put(confirm, {"fingerprints": [key["fingerprint"]]})
    assert confirmed.json["keys"][0]["confirmed_by"] == str(on_host.owner.id)
    await pull()
    assert git(mirror, "rev-list", "--count", "main") == "3"
    assert (await on_host.shown()).json["host_keys"][0]["fingerprint"] == key["fingerprint"]
    sshd.change_host_key()
    with pytest.raises(RemoteRefused, match=key["fingerprint"].replace("+", r"\+")) as caught:
        await pull()
    assert caught.value.reason is Reason.HOST_KEY_CHANGED
    old = await on_host.owner.put(confirm, {"fingerprints": [key["fingerprint"]]})
    assert (old.status, old.json["errors"][0]["field"]) == (422, "fingerprints")
    assert (await on_host.owner.put(confirm, {"fingerprints": [sshd.fingerprint()]})).status == 200
    await pull()


async def test_a_host_that_is_away_or_not_allowed_is_not_scanned(on_host: Remote, sshd: Sshd) -> None:
    sshd.stop()
    scan = f"{on_host.path}/credentials/host-keys/scan"
    answer = await on_host.owner.post(scan, {})
    assert (answer.status, answer.json["code"]) == (409, "remote_not_usable")
    assert "no connection" in answer.json["detail"]
    for url in ("ssh://git@169.254.169.254/app.git", "https://127.0.0.1/app.git", "git@10.0.0.1:app.git"):
        await on_host.move(url)
        answer = await on_host.owner.post(scan, {})
        assert (answer.status, answer.json["code"]) == (409, "remote_not_usable")


async def test_hosts_that_never_answer_hold_few_scans_and_others_are_told_to_come_again(
    on_host: Remote, sshd: Sshd
) -> None:
    sshd.stop()
    held: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    async with await asyncio.start_server(hold, "127.0.0.1", sshd.port):
        scan = f"{on_host.path}/credentials/host-keys/scan"
        asked = [asyncio.ensure_future(on_host.owner.post(scan, {})) for _ in range(MOST_SCANS + 2)]
        await until(lambda: sum(one.done() for one in asked) == 2)
        told = [one.result() for one in asked if one.done()]
        assert [(answer.status, answer.json["code"]) for answer in told] == [(503, "busy")] * 2
        assert int(told[0].headers["Retry-After"]) > 0
        for writer in held:
            writer.transport.abort()
        answers = await asyncio.gather(*asked)
    assert sorted(answer.status for answer in answers) == [409] * MOST_SCANS + [503] * 2
