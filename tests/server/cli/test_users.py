"""`tgl-server users` and `tgl-server keys`, beside a server that is running."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.api import Answer, Api
from tests.support.database import audited, rows
from tests.support.people import PASSWORD, ask, log_in, register
from tests.support.servers import RunningServer
from tgl_server.cli.commands import assembled
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError

BOSS = "boss@example.com"


class CommandLine:
    """In this process, as starting one takes a second; `command` is for what only a process of its own shows."""

    def __init__(self, database_url: str) -> None:
        quick = {"ARGON2_TIME_COST": "1", "ARGON2_MEMORY_KIB": "1024", "COLUMNS": "200"}
        self.environment = {**os.environ, "DATABASE_URL": database_url, **quick}

    async def run(self, *arguments: str, typed: str = "", status: int = 0) -> str:
        """What the command printed, on both streams."""
        result = await asyncio.to_thread(
            CliRunner().invoke, assembled(), arguments, input=typed, env=self.environment, prog_name="tgl-server"
        )
        if isinstance(result.exception, ServerError):
            assert status == 1
            return f"error: {result.exception}\n"
        assert result.exit_code == status, result.output
        return result.output

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "tgl_server", *arguments]


@pytest.fixture
def tgl_server(database_url: str) -> CommandLine:
    return CommandLine(database_url)


async def test_the_first_commissioner_is_made_here_and_lets_others_in(
    tgl_server: CommandLine, anyone: Api, database: Database
) -> None:
    made = await tgl_server.run("users", "create", BOSS, "--password-stdin", typed=f"{PASSWORD}\n")
    assert made.startswith(f"Created commissioner {BOSS} (")
    assert PASSWORD not in made
    assert (await log_in(anyone, BOSS)).status == 200
    await register(anyone)
    assert (await tgl_server.run("users", "approve", "newcomer@example.com")).startswith(
        "newcomer@example.com is active"
    )
    listed = (await tgl_server.run("users", "list")).splitlines()
    assert [line.split()[:3] for line in listed] == [
        ["active", "player", "newcomer@example.com"],
        ["active", "commissioner", BOSS],
    ]
    (row,) = await audited(database, "user:changed")
    assert (row.actor_user_id, row.details) == (None, {"changed": {"state": {"from": "pending", "to": "active"}}})


async def test_a_password_is_never_an_argument_and_never_short(tgl_server: CommandLine, database: Database) -> None:
    assert "No such option" in await tgl_server.run("users", "create", BOSS, "--password", PASSWORD, status=2)
    short = await tgl_server.run("users", "create", BOSS, "--password-stdin", typed="short\n", status=1)
    assert short == "error: a password has 12 to 1024 characters, this one 5\n"
    assert await rows(database, "SELECT id FROM users") == []


async def test_without_a_terminal_an_account_gets_no_password(tgl_server: CommandLine, anyone: Api) -> None:
    assert "reset-password" in await tgl_server.run("users", "create", BOSS, "--role", "player")
    assert (await log_in(anyone, BOSS, "")).status == 401
    refused = await tgl_server.run("users", "reset-password", BOSS, status=1)
    assert "--password-stdin" in refused


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
async def test_a_password_is_asked_for_twice_on_a_terminal_and_not_shown(tgl_server: CommandLine, anyone: Api) -> None:
    typed = [PASSWORD, PASSWORD]
    shown = await asyncio.to_thread(_type_into_terminal, tgl_server, ["users", "create", BOSS], typed)
    assert "Repeat" in shown
    assert PASSWORD not in shown
    assert (await log_in(anyone, BOSS)).status == 200


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
async def test_the_rule_for_passwords_is_told_before_one_is_typed_twice(tgl_server: CommandLine, anyone: Api) -> None:
    typed = ["short", PASSWORD, f"{PASSWORD}x", PASSWORD, PASSWORD]
    shown = await asyncio.to_thread(_type_into_terminal, tgl_server, ["users", "create", BOSS], typed)
    assert shown.startswith("Password, 12 to 1024 characters: ")
    assert "error: a password has 12 to 1024 characters, this one 5" in shown
    assert "error: the two passwords differ" in shown
    assert shown.count("Repeat") == 2
    assert (await log_in(anyone, BOSS)).status == 200


def _type_into_terminal(tgl_server: CommandLine, arguments: list[str], typed: list[str]) -> str:
    """All that the command shows while each line is typed after a question."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        tgl_server.command(*arguments), env=tgl_server.environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    for line in typed:
        asked = len(shown)
        while not shown[asked:].endswith((b" characters: ", b"Repeat for confirmation: ")):
            shown += os.read(ours, 1024)
        os.write(ours, f"{line}\n".encode())
    assert process.wait(30) == 0
    os.close(ours)
    return shown.decode()


async def test_a_reset_password_ends_the_sessions(tgl_server: CommandLine, anyone: Api) -> None:
    await tgl_server.run("users", "create", BOSS, "--password-stdin", typed=PASSWORD)
    token = (await log_in(anyone, BOSS)).json["access_token"]
    await tgl_server.run(
        "users", "reset-password", "Boss@Example.com", "--password-stdin", typed="another battery staple\n"
    )
    assert (await ask(anyone, token)).json["code"] == "session_ended"
    assert (await log_in(anyone, BOSS)).status == 401
    assert (await log_in(anyone, BOSS, "another battery staple")).status == 200


async def test_a_reset_password_tells_of_the_keys_that_go_on_working_and_revokes_them_on_request(
    tgl_server: CommandLine, anyone: Api
) -> None:
    await tgl_server.run("users", "create", BOSS, "--password-stdin", typed=PASSWORD)
    key = (await tgl_server.run("keys", "create", BOSS)).strip()
    new = "another battery staple\n"
    said = await tgl_server.run("users", "reset-password", BOSS, "--password-stdin", typed=new)
    assert "API keys that go on working: 1" in said
    assert (await ask(anyone, key)).status == 200
    said = await tgl_server.run("users", "reset-password", BOSS, "--password-stdin", "--revoke-keys", typed=new)
    assert "API keys revoked: 1" in said
    assert (await ask(anyone, key)).json["code"] == "revoked_api_key"
    assert "API keys" not in await tgl_server.run("users", "reset-password", BOSS, "--password-stdin", typed=new)


async def test_an_error_of_a_real_process_is_one_sentence(tgl_server: CommandLine) -> None:
    process = await asyncio.create_subprocess_exec(
        *tgl_server.command("users", "approve", "nobody@example.com"),
        env=tgl_server.environment,
        stderr=asyncio.subprocess.PIPE,
    )
    _, printed = await process.communicate()
    assert process.returncode == 1
    assert printed.decode().count("\n") == 1
    assert printed.startswith(b"error: there is no account nobody@example.com; ")


async def test_roles_and_retirement(tgl_server: CommandLine, anyone: Api) -> None:
    for email in (BOSS, "ada@example.com"):
        await tgl_server.run("users", "create", email, "--password-stdin", typed=PASSWORD)
    token = (await log_in(anyone, "ada@example.com")).json["access_token"]
    assert "player" in await tgl_server.run("users", "set-role", "ada@example.com", "player")
    assert (await ask(anyone, token, "/users")).status == 403
    assert "last active commissioner" in await tgl_server.run("users", "retire", BOSS, status=1)
    assert "retired" in await tgl_server.run("users", "retire", "ada@example.com")
    assert (await ask(anyone, token)).status == 401


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("users", "create", "nobody"), "error: This is not an e-mail address"),
        (("users", "approve", "nobody@example.com"), "error: there is no account nobody@example.com"),
        (("users", "create", "OWNER-OF-DEMO@example.com"), "already"),
        (("keys", "list", "nobody@example.com"), "users create"),
        (("keys", "revoke", "tgl_00000000"), "error: there is no API key tgl_00000000"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(
    tgl_server: CommandLine, world: Any, arguments: tuple[str, ...], said: str
) -> None:
    assert said in await tgl_server.run(*arguments, status=1)


async def test_a_key_is_made_listed_and_revoked(
    tgl_server: CommandLine, server: RunningServer, anyone: Api, database: Database
) -> None:
    await tgl_server.run("users", "create", BOSS)
    made = await tgl_server.run("keys", "create", BOSS, "--scope", "read:repos", "--expires-in-days", "3")
    key = made.strip()
    me: Answer = await ask(anyone, key)
    assert (me.status, me.json["scopes"]) == (200, "read:repos")
    listed = await tgl_server.run("keys", "list", BOSS)
    assert listed.split()[:3] == [me.json["key_prefix"], "active", "read:repos"]
    assert key not in listed
    assert await tgl_server.run("keys", "revoke", key) == f"{me.json['key_prefix']} is revoked\n"
    assert (await ask(anyone, key)).json["code"] == "revoked_api_key"
    assert [row.actor_user_id for row in await audited(database, "api_key:revoked")] == [None]
