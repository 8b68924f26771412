"""The pages of what opens a remote: a secret goes in and never comes out, and people confirm the keys of a host."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.web.conftest import PULL_URL
from tests.support.database import audited, execute, scalar
from tests.support.people import People, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.shown import text_of
from tests.support.sshd import make_key, running_sshd, sshd_program
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database
from tgl_server.sealing.sealer import new_key

LINUX = "/projects/team/repos/linux"
CREDENTIALS = f"{LINUX}/credentials"
TOKEN = "glpat-never-shown-again"
STORE = {"kind": "https_token", "username": "reader", "secret": TOKEN}


async def test_a_token_goes_in_and_never_comes_out(
    keeper: Visitor, sealing_server: RunningServer, database: Database
) -> None:
    assert "Credentials" in text_of(await keeper.get(CREDENTIALS))
    stored = await keeper.post(CREDENTIALS, STORE)
    assert (stored.status, stored.headers["Location"]) == (303, CREDENTIALS)
    page = await keeper.get(CREDENTIALS)
    for part in ("Not tried yet", "Token", "reader", PULL_URL, "by Ada"):
        assert part in text_of(page)
    assert "Token of reader" in text_of(await keeper.get(f"{LINUX}/pull"))
    (entry,) = await audited(database, "credentials:set")
    assert entry.outcome == "success"
    assert TOKEN not in sealing_server.log()
    assert TOKEN.encode() not in page.body
    sealed = await scalar(database, "SELECT sealed FROM repo_credentials")
    assert TOKEN not in sealed


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"secret": ""}, "secret"),
        ({"secret": "two\nlines"}, "secret"),
        ({"kind": "ssh_key"}, "kind"),
        ({"username": "x" * 300}, "username"),
    ],
)
async def test_a_fault_is_at_its_field_and_all_is_kept_but_the_secret(
    keeper: Visitor, database: Database, fields: dict[str, str], field: str
) -> None:
    answer = await keeper.post(CREDENTIALS, {**STORE, **fields})
    assert (answer.status, f'id="{field}-fault"'.encode() in answer.body) == (422, True)
    assert f'value="{fields.get("username", "reader")}"'.encode() in answer.body
    assert TOKEN.encode() not in answer.body
    assert await scalar(database, "SELECT count(*) FROM repo_credentials") == 0


async def test_what_a_remote_has_refused_is_seen_and_so_is_another_address(keeper: Visitor, database: Database) -> None:
    await keeper.post(CREDENTIALS, STORE)
    await execute(database, "UPDATE repo_credentials SET last_refused_at = now()")
    assert "Refused" in text_of(await keeper.get(CREDENTIALS))
    await execute(database, "UPDATE repo_credentials SET last_used_at = now() + interval '1 second'")
    assert "Works" in text_of(await keeper.get(CREDENTIALS))
    await execute(database, "UPDATE repos SET git_url = 'https://git.example.com/elsewhere.git'")
    assert "For another address" in text_of(await keeper.get(CREDENTIALS))


async def test_credentials_are_deleted_on_a_page_that_says_what_follows(keeper: Visitor, database: Database) -> None:
    await keeper.post(CREDENTIALS, STORE)
    assert "revoke it there too" in text_of(await keeper.get(f"{CREDENTIALS}/delete"))
    assert (await keeper.post(f"{CREDENTIALS}/delete")).status == 303
    assert await scalar(database, "SELECT count(*) FROM repo_credentials") == 0
    again = await keeper.post(f"{CREDENTIALS}/delete")
    assert (again.status, "No credentials are stored" in text_of(again)) == (404, True)


async def test_an_ssh_address_asks_for_a_key_whose_passphrase_is_used_once(
    keeper: Visitor, database: Database, tmp_path: Path
) -> None:
    await execute(database, "UPDATE repos SET git_url = 'git@git.example.com:team/linux.git'")
    public = make_key(tmp_path / "key", passphrase="sesame")
    fields = {"kind": "ssh_key", "secret": (tmp_path / "key").read_text(), "username": ""}
    wrong = await keeper.post(CREDENTIALS, {**fields, "passphrase": "wrong"})
    assert (wrong.status, b'id="passphrase-fault"' in wrong.body) == (422, True)
    assert (b"PRIVATE KEY-----\n" in wrong.body, b"wrong" in wrong.body) == (False, False)
    assert (await keeper.post(CREDENTIALS, {**fields, "passphrase": "sesame"})).status == 303
    page = text_of(await keeper.get(CREDENTIALS))
    for part in (public, "SHA256:", "not confirmed yet"):
        assert part in page


async def test_a_server_without_a_key_says_how_to_make_one(visitor: Visitor, people: People) -> None:
    ada = await people.make("ada")
    await make_repo(ada, await make_project(ada), git_url=PULL_URL, sync_method="pull_celery")
    await visitor.sign_in(ada.email)
    assert "tgl-server secrets new-key" in text_of(await visitor.get(CREDENTIALS))
    refused = await visitor.post(CREDENTIALS, STORE)
    assert (refused.status, "secrets new-key" in text_of(refused)) == (409, True)


@pytest.mark.skipif(sshd_program() is None, reason="needs sshd")
async def test_the_keys_of_a_host_are_compared_and_confirmed(
    start_server: Callable[..., RunningServer], people: People, database: Database, tmp_path: Path
) -> None:
    ada = await people.make("ada")
    with running_sshd(tmp_path / "sshd") as sshd:
        ports = {"pull_allowed_networks": "127.0.0.1/32", "pull_allowed_ports": sshd.port}
        server = start_server(secrets_keys=new_key(), **ports)
        await make_repo(ada, await make_project(ada), git_url=sshd.url(tmp_path / "a"), sync_method="pull_celery")
        async with Visitor(server.url) as visitor:
            await visitor.sign_in(ada.email)
            path = f"{CREDENTIALS}/host-keys"
            assert "no pull connects to it" in text_of(await visitor.get(path))
            asked = await visitor.post(path, {"act": "scan"})
            assert (asked.status, sshd.fingerprint() in text_of(asked)) == (200, True)
            none = await visitor.post(path, {"act": "confirm"})
            assert (none.status, b'id="fingerprints-fault"' in none.body) == (422, True)
            wrong = await visitor.post(path, {"fingerprints": [f"SHA256:{'A' * 43}"]})
            assert (wrong.status, b"scan it again" in wrong.body) == (422, True)
            confirmed = await visitor.post(path, {"fingerprints": [sshd.fingerprint()]})
            assert (confirmed.status, confirmed.headers["Location"]) == (303, CREDENTIALS)
            assert sshd.fingerprint() in text_of(await visitor.get(path))
    assert await scalar(database, "SELECT count(*) FROM repo_host_keys") == 1
    (_, _, entry) = await audited(database, "host_keys:confirmed")
    assert entry.outcome == "success"
