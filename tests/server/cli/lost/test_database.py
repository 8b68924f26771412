"""A database that goes away while a command uses it ends the command in one sentence."""

import os
import re
import signal
from pathlib import Path

import pytest

from tests.support.command import Run
from tests.support.database import end_backend, lost_while_reading
from tests.support.postgres import FAST_POSTGRES
from tests.support.world import World
from tgl_server.db import migrate
from tgl_server.db.embedded import embedded_postgres
from tgl_server.db.engine import Database

OWNER = "owner-of-demo@example.com"
#: Each command, and a table that it reads once it has begun.
COMMANDS = [
    ("migrate", "alembic_version"),
    ("migrate current", "alembic_version"),
    ("users list", "users"),
    ("users create new@example.com", "users"),
    (f"projects create web --owner {OWNER}", "projects"),
    ("repos create demo shop", "repos"),
    (f"keys create {OWNER}", "api_keys"),
    (f"keys list {OWNER}", "api_keys"),
    ("verify", "repos"),
    ("verify --fix", "repos"),
    ("serve --port 0", "alembic_version"),
]


@pytest.mark.parametrize(("command", "table"), COMMANDS)
def test_a_connection_that_is_ended_ends_the_command_in_a_sentence(
    run: Run, database_url: str, world: World, command: str, table: str
) -> None:
    with lost_while_reading(database_url, table, end_backend):
        status, said = run(*command.split(), DATABASE_URL=database_url)
    assert status == 1
    assert re.search("went away in the middle: .*connection due to administrator command; look into its log", said)
    assert said.count("\n") <= 1


def test_a_postgresql_that_crashes_ends_the_command_in_a_sentence(run: Run, tmp_path: Path) -> None:
    with embedded_postgres(tmp_path / "postgres", settings=FAST_POSTGRES) as postgres:
        migrate.upgrade(postgres.dsn)

        async def crash(_: Database, __: int) -> None:
            os.kill(postgres.postmaster_pid, signal.SIGQUIT)

        with lost_while_reading(postgres.dsn, "users", crash):
            status, said = run("users", "list", DATABASE_URL=postgres.dsn)
    assert status == 1
    assert f"error: the database at {postgres.socket_dir} port" in said
    assert "went away in the middle" in said
