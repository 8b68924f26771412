"""Migrations: up, down and up again, two servers at once, and a server that finds the wrong version."""

import asyncio
import os
import subprocess
import sys

import pytest

from tgl_server.db import migrate
from tgl_server.db.engine import Database
from tgl_server.features import METADATA
from tgl_server.settings import Settings


def tgl_server(url: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tgl_server", *arguments],
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def tables(url: str) -> set[str]:
    database = Database(Settings(database_url=url))
    async with database.statements() as connection:
        found = await connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = {row[0] for row in found}
    await database.close()
    return names - {migrate.VERSION_TABLE}


async def test_up_down_and_up_again_leave_nothing_behind(empty_url: str) -> None:
    await asyncio.to_thread(migrate.upgrade, empty_url)
    first = await tables(empty_url)
    await asyncio.to_thread(migrate.alembic_commands(empty_url).downgrade, "base")
    assert await tables(empty_url) == set()
    await asyncio.to_thread(migrate.upgrade, empty_url)
    assert await tables(empty_url) == first
    assert {
        "users",
        "projects",
        "repos",
        "repo_states",
        "commits",
        "repo_refs",
        "sync_runs",
        "api_keys",
        "audit_logs",
    } <= first


async def test_the_models_are_what_the_migrations_make(empty_url: str) -> None:
    await asyncio.to_thread(migrate.upgrade, empty_url)
    await asyncio.to_thread(migrate.alembic_commands(empty_url, METADATA).check)


async def test_two_servers_that_migrate_at_once_both_succeed(empty_url: str) -> None:
    processes = [tgl_server(empty_url, "migrate") for _ in range(2)]
    ended = [await asyncio.to_thread(process.communicate) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ended
    assert migrate.newest_version() in ended[0][0]


async def test_serve_refuses_a_database_that_is_not_migrated_and_says_how(empty_url: str) -> None:
    process = tgl_server(empty_url, "serve", "--port", "0")
    _, stderr = await asyncio.to_thread(process.communicate)
    assert process.returncode == 1
    assert stderr.startswith("error: the database has no tables of TheGitLeague yet")
    assert "tgl-server migrate" in stderr
    assert "Traceback" not in stderr


async def test_each_step_says_at_which_version_the_database_is(empty_url: str) -> None:
    newest = migrate.newest_version()
    told = {}
    for arguments in (["current"], ["up"], ["down", "-1", "--yes"], ["down", "base", "--yes"]):
        process = tgl_server(empty_url, "migrate", *arguments)
        told[arguments[-2] if "--yes" in arguments else arguments[0]] = await asyncio.to_thread(process.communicate)
    nothing = f"The database has no tables of TheGitLeague; `tgl-server migrate` makes those of version {newest}.\n"
    assert told["current"][0] == told["base"][0] == nothing
    assert told["up"][0] == f"The database is at version {newest}, the newest.\n"
    assert told["-1"][0].endswith(f", and the newest is {newest}.\n")


@pytest.mark.slow  # test_alembic goes the same ways
async def test_current_history_and_one_step_down(empty_url: str) -> None:
    for arguments in (["up"], ["down", "-1", "--yes"], ["current"], ["history"]):
        process = tgl_server(empty_url, "migrate", *arguments)
        stdout, stderr = await asyncio.to_thread(process.communicate)
        assert process.returncode == 0, stderr
    assert f"-> {migrate.newest_version()} (head)" in stdout
