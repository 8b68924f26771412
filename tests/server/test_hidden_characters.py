"""Names that would reorder, hide or command what a terminal shows: refused where they come in, shown by their numbers
where an earlier version stored them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from tests.support.api import Answer, Api
from tests.support.command import Run
from tests.support.commits import NDJSON, batch, commit, lines_of
from tests.support.database import rows
from tests.support.hidden import HIDDEN, hidden_in
from tests.support.people import Person, make_key, make_project, make_repo, register
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.api_keys.service import KeyRights, hash_new_key, store_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

Place = Callable[[Person, str], Awaitable[Answer]]


async def _in_project(boss: Person, path: str, **fields: str) -> Answer:
    return await boss.patch(f"/projects/team{path}", fields)


PLACES: dict[str, Place] = {
    "a registered address": lambda boss, name: register(boss.api, f"{name}@example.com"),
    "a registered name": lambda boss, name: register(boss.api, display_name=name),
    "a user's name": lambda boss, name: boss.patch(f"/users/{boss.id}", {"display_name": name}),
    "a project's name": lambda boss, name: boss.post("/projects", {"slug": "other", "name": name}),
    "a project's slug": lambda boss, name: boss.post("/projects", {"slug": name, "name": "Other"}),
    "a project's description": lambda boss, name: _in_project(boss, "", description=name),
    "a changed project's name": lambda boss, name: _in_project(boss, "", name=name),
    "a repository's name": lambda boss, name: boss.post("/projects/team/repos", {"name": name}),
    "a changed repository's name": lambda boss, name: _in_project(boss, "/repos/linux", name=name),
    "a repository's URL": lambda boss, name: _in_project(boss, "/repos/linux", git_url=f"https://a.example/{name}"),
    "a key's name": lambda boss, name: boss.post("/api-keys", {"name": name}),
    "a client's version": lambda boss, name: boss.post(
        "/sync/projects/team/repos/linux/commits", batch(commit(), client_version=name)
    ),
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_hidden_character_is_refused(place: str, boss: Person) -> None:
    await make_repo(boss, await make_project(boss))
    for kind, character in HIDDEN.items():
        answer = await PLACES[place](boss, f"ad{character}min")
        assert (answer.status, answer.json["code"]) == (422, "invalid_body"), kind


async def test_a_description_has_lines_and_a_name_has_joiners(boss: Person) -> None:
    made = await boss.post("/projects", {"slug": "team", "name": "Team", "description": "one\r\n\ttwo\n"})
    assert (made.status, made.json["description"]) == (201, "one\r\n\ttwo\n")
    assert (
        await boss.patch(f"/users/{boss.id}", {"display_name": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"})
    ).status == 200
    assert (await make_key(boss, name="build 👩\u200d💻"))["name"] == "build 👩\u200d💻"


async def test_a_user_agent_is_kept_by_its_numbers(api: Api, world: World, database: Database) -> None:
    headers = {**NDJSON, "User-Agent": "evil\x9b31m"}
    answer = await api.request("POST", f"{world.sync_path}/commits/stream", data=lines_of([commit()]), headers=headers)
    assert answer.status == 201, answer.body
    (run,) = await rows(database, "SELECT client_version FROM sync_runs")
    assert hidden_in(run.client_version) == []


async def test_a_path_is_logged_and_audited_by_its_numbers(
    server: RunningServer, world: World, boss: Person, database: Database
) -> None:
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /x\xc2\x9b31m HTTP/1.1\r\nHost: x\r\nX-Request-Id: raw-path\r\nConnection: close\r\n\r\n")
    await reader.read()
    writer.close()
    assert hidden_in(await server.logged("raw-path")) == []
    await boss.patch(f"/projects/{world.project}%C2%9B31m%E2%80%AE", {"name": "x"})
    (refused,) = await rows(
        database, "SELECT resource_id, details::text AS details FROM audit_logs WHERE outcome = 'refused'"
    )
    assert "\\u009b" in refused.resource_id
    assert hidden_in(refused.resource_id + refused.details) == []


def test_what_an_earlier_version_stored_is_printed_by_its_numbers(run: Run, database_url: str) -> None:
    asyncio.run(_store_old_rows(database_url))
    told: list[str] = []
    for arguments in _commands():
        status, said = run(*arguments, DATABASE_URL=database_url)
        assert status == 0, (arguments, said)
        told.append(said)
    assert hidden_in("".join(told)) == []
    assert "old\\u202e@example.com" in told[0]
    assert "is retired" in told[-1]


def test_an_error_repeats_an_argument_by_its_numbers(run: Run, database_url: str) -> None:
    for arguments in (("users", "retire", "a\x9b@\u202eb"), ("repos", "create", "\x1b[2J", "x")):
        status, said = run(*arguments, DATABASE_URL=database_url)
        assert status == 1
        assert hidden_in(said) == []


def _commands() -> list[tuple[str, ...]]:
    old = "old\\u202e@example.com"
    return [("users", "list"), ("keys", "list", old), ("users", "set-role", old, "player"), ("users", "retire", old)]


async def _store_old_rows(database_url: str) -> None:
    """An account and a key as their rules were before."""
    database, argon2 = Database(Settings(database_url=database_url)), Argon2(Settings(argon2_memory_kib=1024))
    async with database.transaction() as tx:
        await create_user(tx, "boss@example.com", role=Role.COMMISSIONER)
        user = await create_user(tx, "old@example.com", role=Role.PLAYER)
        key = await store_key(tx, await hash_new_key(argon2), user.id, "old", KeyRights())
        names: dict[str, Any] = {"user": user.id, "key": key.id, "worst": "".join(HIDDEN.values())}
        await tx.execute(
            text("UPDATE users SET email = :email, display_name = 'old' || :worst WHERE id = :user"),
            {**names, "email": "old\u202e@example.com"},
        )
        await tx.execute(text("UPDATE api_keys SET name = 'old' || :worst WHERE id = :key"), names)
    argon2.close()
    await database.close()


def test_the_commands_of_the_server_print_through_one_door() -> None:
    """A command that calls `typer.echo` itself would print a stored name as it is."""
    folder = Path(__file__).parents[2] / "src" / "tgl_server" / "cli"
    echoing = {file.name for file in folder.rglob("*.py") if "typer.echo(" in file.read_text()}
    assert echoing == {"output.py", "commands.py", "migrate.py", "passwords.py"}
