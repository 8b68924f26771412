"""A worker on a real Redis pulls what a person set up through the API, and stores what `tgl push` stores."""

from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from tests.server.credentials.conftest import Remote, make_remote
from tests.support.broker import running_broker
from tests.support.command import tgl
from tests.support.database import until_query
from tests.support.forge import Forge
from tests.support.odd_trees import odd_repository
from tests.support.people import People, make_project
from tests.support.pulls import columns_of, refs_of, running_worker
from tests.support.repositories import git, random_repository
from tests.support.servers import RunningServer
from tests.support.sshd import Sshd, running_sshd, sshd_program
from tests.support.world import add_world
from tgl_server.db.engine import Database
from tgl_server.sealing.sealer import new_key
from tgl_server.settings import Settings

pytestmark = pytest.mark.skipif(sshd_program() is None, reason="needs sshd")

TOKEN = "glpat-a-token-that-opens-the-forge"
DONE = "SELECT count(*) FILTER (WHERE state = 'done') = 2 FROM sync_runs WHERE source = 'pull'"
#: On a loaded machine a worker takes a while to start.
LONG = 180


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    with running_sshd(tmp_path / "sshd") as sshd:
        yield sshd


@pytest.fixture
def reaching(settings: Settings, forge: Forge, sshd: Sshd, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a server and a worker that reach forge, ssh host and broker, and can open secrets."""
    forge.token = TOKEN
    with running_broker(tmp_path) as broker:
        yield msgspec.structs.replace(
            settings,
            secrets_keys=(new_key(),),
            pull_allowed_ports=(forge.port, sshd.port),
            broker_url=f"redis://127.0.0.1:{broker.port}/0",
        )


@pytest.fixture
def server_of(reaching: Settings, start_server: Callable[..., RunningServer]) -> RunningServer:
    return start_server(
        secrets_keys=",".join(reaching.secrets_keys),
        pull_allowed_networks=",".join(reaching.pull_allowed_networks),
        pull_allowed_ports=",".join(map(str, reaching.pull_allowed_ports)),
        pull_ca_file=reaching.pull_ca_file,
        broker_url=reaching.broker_url,
    )


async def let_pull(remote: Remote) -> None:
    answer = await remote.owner.patch(remote.path, {"sync_method": "pull_celery"})
    assert answer.status == 200, answer.body


async def confirm_host(remote: Remote, sshd: Sshd) -> None:
    (key,) = (await remote.owner.post(f"{remote.path}/credentials/host-keys/scan", {})).json["keys"]
    assert key["fingerprint"] == sshd.fingerprint()
    confirmed = await remote.owner.put(f"{remote.path}/credentials/host-keys", {"fingerprints": [key["fingerprint"]]})
    assert confirmed.status == 200, confirmed.body


async def test_over_https_with_a_token_and_over_ssh_rows_are_those_of_a_push(
    server_of: RunningServer, reaching: Settings, database: Database, forge: Forge, sshd: Sshd, tmp_path: Path
) -> None:
    sources = {"https": random_repository(tmp_path / "random", 150, seed=11), "ssh": odd_repository(tmp_path / "odd")}
    urls = {"https": forge.add(sources["https"]), "ssh": sshd.url(sources["ssh"])}
    credentials = {
        "https": {"kind": "https_token", "username": "reader", "secret": TOKEN},
        "ssh": {"kind": "ssh_key", "username": sshd.user, "secret": sshd.key},
    }
    pushed = {}
    for way, source in sources.items():
        pushed[way] = await add_world(database, project=f"pushed-{way}")
        done = tgl("push", source, cwd=source, **pushed[way].environment(server_of.url))
        assert done.code == 0, done.err
    async with AsyncExitStack() as stack:
        ada = await People(server_of, database, stack).make("ada")
        await make_project(ada)
        pulled = {way: await make_remote(ada, way, url) for way, url in urls.items()}
        for way, remote in pulled.items():
            assert (await remote.store(**credentials[way])).status == 200
            await let_pull(remote)
        await confirm_host(pulled["ssh"], sshd)
        with running_worker(reaching):
            for remote in pulled.values():
                assert (await ada.post(f"{remote.path}/pull", {})).status == 202
            await until_query(database, DONE, seconds=LONG)
    for way, source in sources.items():
        theirs = await columns_of(database, pushed[way].repo_id)
        ours = await columns_of(database, pulled[way].repo_id)
        assert (len(ours), ours == theirs) == (int(git(source, "rev-list", "--count", "--all")), True), way
        assert await refs_of(database, pulled[way].repo_id) == await refs_of(database, pushed[way].repo_id), way
