"""Credentials are written and never read: what is shown of them, what is refused, and what a pull is given."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.server.credentials.conftest import KEY, URL, Remote, make_remote, opened
from tests.support.database import every_row, execute, rows, scalar
from tests.support.people import Person, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.sshd import make_key
from tgl_server.credentials.opening import note_use
from tgl_server.credentials.service import PURPOSE
from tgl_server.db.engine import Database
from tgl_server.remotes import HttpsToken, Reason, RemoteRefused, SshKey
from tgl_server.sealing.sealer import Sealer, new_key

TOKEN = "glpat-Zx81secretQ"


async def test_a_token_is_stored_and_shown_without_itself(remote: Remote, database: Database) -> None:
    stored = await remote.store(kind="https_token", secret=TOKEN, username="reader")
    assert stored.status == 200
    assert stored.json == (await remote.shown()).json
    assert TOKEN.encode() not in stored.body
    expected = {"kind": "https_token", "username": "reader", "origin": "https://git.example.com:443", "fits": True}
    assert stored.json.items() >= expected.items()
    assert (stored.json["set_by"], stored.json["fingerprint"]) == (str(remote.owner.id), None)
    assert await opened(database, remote.repo_id) == HttpsToken(username="reader", token=TOKEN)


async def test_a_key_with_a_passphrase_is_stored_without_it(
    maintainer: Person, database: Database, tmp_path: Path
) -> None:
    remote = await make_remote(maintainer, git_url="git@git.example.com:team/linux.git")
    public = make_key(tmp_path / "key", passphrase="open sesame")
    stored = await remote.store(kind="ssh_key", secret=(tmp_path / "key").read_text(), passphrase="open sesame")
    assert stored.status == 200, stored.body
    assert (stored.json["public_key"], stored.json["username"]) == (public, "git")
    assert stored.json["origin"] == "ssh://git.example.com:22"
    credential = await opened(database, remote.repo_id)
    assert isinstance(credential, SshKey)
    (tmp_path / "stored").write_text(credential.private_key)
    (tmp_path / "stored").chmod(0o600)
    assert make_public(tmp_path / "stored") == public


def make_public(file: Path) -> str:
    """The public key by OpenSSH, which asks for no passphrase."""
    command = ["ssh-keygen", "-y", "-P", "", "-f", str(file)]
    return " ".join(subprocess.run(command, check=True, capture_output=True).stdout.decode().split()[:2])


async def test_new_credentials_replace_the_old_ones_and_can_be_deleted(remote: Remote, database: Database) -> None:
    await remote.token("first-token")
    await remote.token("second-token")
    assert await opened(database, remote.repo_id) == HttpsToken(token="second-token")
    deleted = await remote.owner.delete(f"{remote.path}/credentials")
    assert (deleted.status, deleted.json["kind"]) == (200, "https_token")
    assert await opened(database, remote.repo_id) is None
    for answer in (await remote.shown(), await remote.owner.delete(f"{remote.path}/credentials")):
        assert (answer.status, answer.json["code"]) == (404, "no_credentials")


@pytest.mark.parametrize(
    ("new", "field"),
    [
        ({"kind": "https_token", "secret": f"{TOKEN}\nusername=x"}, "secret"),
        ({"kind": "https_token", "secret": TOKEN, "username": "x\ny"}, "username"),
        ({"kind": "https_token", "secret": ""}, "secret"),
        ({"kind": "https_token", "secret": TOKEN, "passphrase": TOKEN}, "passphrase"),
        ({"kind": "https_token", "secret": [TOKEN]}, "secret"),
        ({"kind": "https_token", "secret": TOKEN, "secrets": TOKEN}, "secrets"),
        ({"kind": TOKEN, "secret": TOKEN}, "kind"),
        ({"kind": "ssh_key", "secret": TOKEN}, "kind"),
        ({"secret": TOKEN}, "kind"),
    ],
)
async def test_what_is_not_valid_is_refused_by_field_and_never_repeated(
    remote: Remote, new: dict[str, Any], field: str
) -> None:
    answer = await remote.store(**new)
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert TOKEN.encode() not in answer.body
    assert (await remote.shown()).status == 404


async def test_what_is_no_private_key_is_refused_with_the_reason(maintainer: Person, tmp_path: Path) -> None:
    remote = await make_remote(maintainer, git_url="git@git.example.com:team/linux.git")
    public = make_key(tmp_path / "locked", passphrase="open sesame")
    make_key(tmp_path / "open")
    locked, plain = (tmp_path / "locked").read_text(), (tmp_path / "open").read_text()
    refused = {
        "passphrase, which is needed": {"secret": locked},
        "does not open the key": {"secret": locked, "passphrase": "wrong"},
        "has no passphrase": {"secret": plain, "passphrase": "open sesame"},
        "is a public key": {"secret": public},
        "first and last line": {"secret": plain.splitlines()[1]},
        "name of a user": {"secret": plain, "username": "-oProxyCommand=x"},
    }
    for reason, new in refused.items():
        answer = await remote.store(kind="ssh_key", **new)
        assert answer.status == 422, answer.body
        assert reason in answer.json["errors"][0]["message"]
        assert plain.splitlines()[1].encode() not in answer.body


async def test_a_repository_without_a_remote_has_no_credentials(maintainer: Person) -> None:
    await make_repo(maintainer, "/projects/team", "pushed")
    remote = await make_remote(maintainer, "odd", "http://git.example.com/team/odd.git")
    for path, code in (("/projects/team/repos/pushed", "no_remote"), (remote.path, "remote_not_usable")):
        answer = await maintainer.put(f"{path}/credentials", {"kind": "https_token", "secret": TOKEN})
        assert (answer.status, answer.json["code"]) == (409, code)


async def test_without_a_key_nothing_is_stored_and_the_command_that_makes_one_is_named(ada: Person) -> None:
    await make_project(ada)
    remote = await make_remote(ada)
    answer = await remote.store(kind="https_token", secret=TOKEN)
    assert (answer.status, answer.json["code"]) == (409, "no_secrets_key")
    assert "tgl-server secrets new-key" in answer.json["detail"]


async def test_a_sealed_text_that_is_copied_to_another_row_opens_nothing(
    maintainer: Person, remote: Remote, database: Database
) -> None:
    other = await make_remote(maintainer, "other")
    await remote.token(TOKEN)
    await other.token("another-token")
    await execute(
        database,
        """UPDATE repo_credentials SET sealed = (SELECT sealed FROM repo_credentials WHERE repo_id = :one)
           WHERE repo_id = :other""",
        one=remote.repo_id,
        other=other.repo_id,
    )
    with pytest.raises(RemoteRefused, match="belongs to something else") as caught:
        await opened(database, other.repo_id)
    assert caught.value.reason is Reason.CREDENTIALS


async def test_whoever_changes_the_address_does_not_get_the_token_sent_elsewhere(
    remote: Remote, database: Database
) -> None:
    await remote.token(TOKEN)
    for elsewhere in ("https://evil.example/linux.git", "https://git.example.com.evil.example/linux.git"):
        await remote.move(elsewhere)
        assert (await remote.shown()).json["fits"] is False
        with pytest.raises(RemoteRefused, match=r"are for https://git\.example\.com/team") as caught:
            await opened(database, remote.repo_id)
        assert TOKEN not in str(caught.value)
    columns = "origin = 'https://evil.example:443', address = 'https://evil.example/linux.git'"
    await execute(database, f"UPDATE repo_credentials SET {columns}")
    await remote.move("https://evil.example/linux.git")
    with pytest.raises(RemoteRefused):
        await opened(database, remote.repo_id)
    await remote.move(URL)
    assert await opened(database, remote.repo_id) == HttpsToken(token=TOKEN)


async def test_credentials_open_the_address_that_they_were_stored_for_and_no_other_path(
    remote: Remote, database: Database
) -> None:
    assert (await remote.token(TOKEN)).json["address"] == URL
    for other in ("https://git.example.com/board/secret.git", f"{URL}/../../board/secret.git", f"{URL}/"):
        await remote.move(other)
        assert (await remote.shown()).json["fits"] is False
        with pytest.raises(RemoteRefused, match="store the credentials anew") as caught:
            await opened(database, remote.repo_id)
        assert caught.value.reason is Reason.CREDENTIALS
    await remote.move("HTTPS://Git.Example.com:443/team/linux.git")
    assert (await remote.shown()).json["fits"] is True
    assert await opened(database, remote.repo_id) == HttpsToken(token=TOKEN)


async def test_a_key_for_ssh_opens_one_repository_of_its_host(
    maintainer: Person, database: Database, tmp_path: Path
) -> None:
    remote = await make_remote(maintainer, git_url="git@git.example.com:team/linux.git")
    make_key(tmp_path / "key")
    await remote.store(kind="ssh_key", secret=(tmp_path / "key").read_text())
    await remote.move("git@git.example.com:board/secret.git")
    with pytest.raises(RemoteRefused, match="store the credentials anew"):
        await opened(database, remote.repo_id)


async def test_credentials_of_before_which_name_no_address_are_to_be_stored_anew(
    remote: Remote, database: Database
) -> None:
    await remote.token(TOKEN)
    content = {"kind": "https_token", "username": "git", "origin": "https://git.example.com:443", "secret": TOKEN}
    sealed = Sealer([KEY]).seal(PURPOSE, remote.repo_id, content)
    await execute(database, "UPDATE repo_credentials SET address = NULL, sealed = :sealed", sealed=sealed)
    assert ((await remote.shown()).json["fits"], (await remote.shown()).json["address"]) == (False, None)
    with pytest.raises(RemoteRefused, match="store the credentials anew"):
        await opened(database, remote.repo_id)


async def test_a_lost_key_is_an_error_that_says_so(remote: Remote, database: Database) -> None:
    await remote.token(TOKEN)
    with pytest.raises(RemoteRefused, match="SECRETS_KEYS"):
        await opened(database, remote.repo_id, new_key())
    assert await opened(database, remote.repo_id, new_key(), KEY) == HttpsToken(token=TOKEN)


async def test_the_last_use_and_the_last_refusal_are_kept_until_new_ones_are_stored(
    remote: Remote, database: Database
) -> None:
    await remote.token(TOKEN)
    async with database.transaction() as tx:
        await note_use(tx, remote.repo_id, refused=False)
        await note_use(tx, remote.repo_id, refused=True)
    shown = (await remote.shown()).json
    assert shown["last_used_at"]
    assert shown["last_refused_at"]
    renewed = (await remote.token(TOKEN)).json
    assert (renewed["last_used_at"], renewed["last_refused_at"]) == (None, None)


async def test_the_secret_is_nowhere_in_the_database_the_audit_log_or_the_server_s_log(
    remote: Remote, database: Database, sealing_server: RunningServer
) -> None:
    await remote.token(TOKEN)
    await remote.store(kind="https_token", secret=[TOKEN])
    await remote.owner.delete(f"{remote.path}/credentials")
    await remote.token(TOKEN)
    acts = "action LIKE 'credentials:%' AND outcome = 'success'"
    found = await rows(database, f"SELECT action FROM audit_logs WHERE {acts} ORDER BY at, id")
    assert [row.action for row in found] == ["credentials:set", "credentials:deleted", "credentials:set"]
    assert TOKEN not in await every_row(database)
    assert KEY not in await every_row(database)
    assert TOKEN not in sealing_server.log()
    assert KEY not in sealing_server.log()


async def test_credentials_go_with_their_repository(remote: Remote, database: Database) -> None:
    await remote.token(TOKEN)
    await remote.owner.delete(remote.path)
    assert await scalar(database, "SELECT count(*) FROM repo_credentials") == 0
