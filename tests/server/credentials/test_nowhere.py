"""After pulls that fail, the secret is in no process list, log, error, database, mirror or temporary file."""

import asyncio
import logging
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.server.credentials.conftest import KEY, Remote, make_remote, opened
from tests.server.remotes.conftest import LOOPBACK
from tests.support.database import every_row
from tests.support.forge import Handler, running_forge
from tests.support.histories import make_repository
from tests.support.people import Person
from tests.support.servers import RunningServer
from tests.support.sshd import running_sshd, sshd_program
from tgl_protocol.credentials import CredentialKind, NewCredential
from tgl_server.audit.service import Actor
from tgl_server.credentials.opening import note_use
from tgl_server.credentials.service import set_credential
from tgl_server.db.engine import Database
from tgl_server.remotes import RemoteError, RemotePolicy, fetch
from tgl_server.sealing.sealer import Sealer

TOKEN = "glpat-N0whereToBeFound"


class Processes:
    """The command lines of all processes, looked at again and again."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()

    async def watch(self) -> None:
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(0.02)

    def look(self) -> None:
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                self.seen.add(file.read_bytes())


async def fail(remote: Remote, url: str, mirror: Path, policy: RemotePolicy, database: Database) -> str:
    """A pull that fails: the error with all that belongs to it."""
    credential = await opened(database, remote.repo_id, policy=policy)
    assert credential is not None
    try:
        await fetch(url, mirror, policy=policy, credential=credential)
    except RemoteError as error:
        async with database.transaction() as tx:
            await note_use(tx, remote.repo_id, refused=True)
        return f"{error!r} {error.__context__!r} {error.__dict__} {credential!r} {policy!r}"
    raise AssertionError("it did not fail")


def answers_with_what_it_was_sent(handler: Handler) -> bool:
    return handler.answer(403, handler.headers.get("Authorization", "").encode() + TOKEN.encode())


@pytest.mark.skipif(sshd_program() is None, reason="needs sshd")
@pytest.mark.parametrize(("over_https", "over_ssh"), [(40, 10), pytest.param(900, 100, marks=pytest.mark.slow)])
async def test_the_secret_is_found_nowhere(
    over_https: int,
    over_ssh: int,
    maintainer: Person,
    database: Database,
    sealing_server: RunningServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    began = time.time()
    source, mirrors = make_repository(tmp_path / "source", 2), tmp_path / "mirrors"
    processes = Processes()
    watching = asyncio.ensure_future(processes.watch())
    with running_forge(tmp_path / "forge") as forge, running_sshd(tmp_path / "sshd") as sshd:
        policy = RemotePolicy(reach=LOOPBACK, ports=frozenset({forge.port, sshd.port}), ca_file=forge.ca_file)
        forge.token = "another"
        https = forge.add(source)
        (sshd.folder / "authorized_keys").write_text("")
        ssh = sshd.url(source)
        token, key = await make_remote(maintainer, "one", https), await make_remote(maintainer, "two", ssh)
        new = NewCredential(kind=CredentialKind.SSH_KEY, secret=sshd.key, username=sshd.user)
        async with database.transaction() as tx:
            sealer, by = Sealer([KEY]), Actor(maintainer.id)
            await set_credential(tx, sealer, policy, key.repo_id, new, by)
            new = NewCredential(kind=CredentialKind.HTTPS_TOKEN, secret=TOKEN)
            await set_credential(tx, sealer, policy, token.repo_id, new, by)
        errors = [repr(new)]
        for number in range(over_https):
            if number == over_https // 2:
                forge.token, forge.intercept = None, answers_with_what_it_was_sent
            errors.append(await fail(token, https, mirrors / "one.git", policy, database))
        errors += [await fail(key, ssh, mirrors / "two.git", policy, database) for _ in range(over_ssh)]
        secrets = [TOKEN, KEY, sshd.key.splitlines()[1], sshd.key.splitlines()[2]]
    watching.cancel()
    assert any(b"fetch" in line or b"ls-remote" in line for line in processes.seen)
    places = {
        "a process list": b"\0".join(processes.seen),
        "an error": "".join(errors).encode(),
        "a log": (caplog.text + sealing_server.log()).encode(),
        "the database": (await every_row(database)).encode(),
        "a mirror": b"".join(file.read_bytes() for file in mirrors.rglob("*") if file.is_file()),
        "a temporary file": written_since(began),
    }
    found = [place for place, content in places.items() for secret in secrets if secret.encode() in content]
    assert found == []


def written_since(began: float) -> bytes:
    """The files beside the tests' own that were written in the system's folder for temporary files."""
    found = []
    for file in Path(tempfile.gettempdir()).glob("*"):
        with suppress(OSError):
            if file.is_file() and file.stat().st_mtime >= began and file.stat().st_size < 10_000_000:
                found.append(file.read_bytes())
    return b"".join(found)
